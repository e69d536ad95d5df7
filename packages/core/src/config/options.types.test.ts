import { describe, expectTypeOf, it } from 'vitest'
import type { GatewayOptions } from './options.ts'
import type { ScalarOptions } from './scalar-options.ts'
import type { WrittenOptions } from './schema/schema.ts'

/** Scalars whose written type the schema knows; durations and sizes are read by functions. */
type Checked = keyof {
  [Name in keyof ScalarOptions as unknown extends WrittenOptions[Name] ? never : Name]: Name
}

type Frozen<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value

type Public = { [Name in Checked]: Frozen<NonNullable<ScalarOptions[Name]>> }
type Written = { [Name in Checked]: Frozen<NonNullable<WrittenOptions[Name]>> }

/** Compiled by `typecheck`: an option that is missing on one side, or of another type, is an error. */
describe('the public types of options', () => {
  it('have exactly the options of the schema', () => {
    expectTypeOf<keyof GatewayOptions>().toEqualTypeOf<keyof WrittenOptions>()
  })

  it('have the types of the schema', () => {
    expectTypeOf<Public>().toEqualTypeOf<Written>()
    expectTypeOf<Public['retries']>().toEqualTypeOf<number>()
  })
})
