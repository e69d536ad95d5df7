import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clientToolId, toolIdOf } from './client-tool-id.ts'

it.each(['toolu_01A', 'call_abc-1', 'a'])('%s stays as it is', (id) => {
  expect(clientToolId(id)).toBe(id)
  expect(toolIdOf(id)).toBe(id)
})

it('every other id becomes one this dialect allows, and comes back', () => {
  const id = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('functions.look:0', '', 'postern_id_', 'postern_id_YQ', 'a b', 'fc_1|call_2'),
  )
  fc.assert(
    fc.property(id, fc.string(), (one, other) => {
      expect(clientToolId(one)).toMatch(/^[a-zA-Z0-9_-]+$/)
      expect(toolIdOf(clientToolId(one))).toBe(one)
      expect(clientToolId(one) === clientToolId(other)).toBe(one === other)
    }),
  )
})
