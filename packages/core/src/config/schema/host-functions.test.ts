import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { hostFunctions } from '../../foundation/host-functions.ts'
import type { GatewayOptions, ProviderOptions } from '../options.ts'
import { optionsSchema } from './schema.ts'

/** An option that holds code and is missing in the table does not compile. */
const checked = hostFunctions satisfies Record<
  CodeOption<GatewayOptions> | `provider.${CodeOption<ProviderOptions>}`,
  string
>

type Code = (...values: never[]) => unknown

type HoldsCode<Value> = Value extends Code
  ? true
  : Value extends readonly unknown[]
    ? never
    : Value extends object
      ? {
          [Field in keyof Value]-?: NonNullable<Value[Field]> extends Code ? true : never
        }[keyof Value]
      : never

type CodeOption<Options> = {
  [Name in keyof Options]-?: [HoldsCode<NonNullable<Options[Name]>>] extends [never]
    ? never
    : Name & string
}[keyof Options]

const code = (): undefined => undefined
/** Has every method that a value with methods is recognised by. */
const allMethods = Object.fromEntries(
  ['error', 'warn', 'info', 'debug', 'limitStore', 'close'].map((name) => [name, code]),
)

type Fields = Readonly<Record<string, z.ZodType>>

/** Options that take a function, or an object of functions, as the schema says. */
function optionsOfCode(fields: Fields): string[] {
  const takesObject = (field: z.ZodType): boolean => {
    const read = field.safeParse(allMethods)
    // Options by name, such as routes, take any object; what they hold is looked at by itself.
    return read.success && read.data === allMethods
  }
  return Object.entries(fields).flatMap(([name, field]) =>
    field.safeParse(code).success || (name !== 'credentials' && takesObject(field)) ? [name] : [],
  )
}

describe('the table of functions of the host', () => {
  it('has every option that the schema takes a function for', () => {
    const { shape } = optionsSchema()
    const provider = (shape.providers.unwrap() as unknown as { valueType: { shape: Fields } })
      .valueType.shape
    const found = [
      ...optionsOfCode(shape as unknown as Fields),
      ...optionsOfCode(provider).map((name) => `provider.${name}`),
    ]
    expect(found.toSorted()).toEqual(Object.keys(checked).toSorted())
  })
})
