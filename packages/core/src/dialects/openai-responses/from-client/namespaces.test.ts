import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Namespaces, type ToolName } from './namespaces.ts'

const piece = fc.stringMatching(/^[ab_]{1,5}$/)
const tool = fc.record({ name: piece, namespace: fc.option(piece, { nil: undefined }) })
const places = ['tools', 'additional', 'history'] as const

function bodyOf(
  tools: readonly (ToolName & { readonly place: (typeof places)[number] })[],
): Record<string, unknown> {
  const listed = (place: string): unknown[] =>
    tools
      .filter((one) => one.place === place)
      .map(({ name, namespace }) =>
        namespace === undefined
          ? { type: 'function', name }
          : { type: 'namespace', name: namespace, tools: [{ type: 'function', name }] },
      )
  const calls = tools
    .filter(({ place }) => place === 'history')
    .map(({ name, namespace }) => ({
      type: 'function_call',
      call_id: 'c',
      name,
      namespace,
      arguments: '{}',
    }))
  return {
    tools: listed('tools'),
    input: [{ type: 'additional_tools', tools: listed('additional') }, ...calls],
  }
}

describe('names of tools in namespaces', () => {
  it('are as many as the tools, lead back to them, and do not depend on the order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(tool, {
          maxLength: 12,
          selector: ({ name, namespace }) => `${namespace} ${name}`,
        }),
        fc.array(fc.constantFrom(...places), { minLength: 12, maxLength: 12 }),
        (tools, where) => {
          const placed = tools.map((one, at) => ({ ...one, place: where[at] ?? 'tools' }))
          const names = new Namespaces(bodyOf(placed))
          const flat = tools.map((one) => names.flat(one))
          expect(new Set(flat).size).toBe(tools.length)
          for (const [at, one] of tools.entries()) {
            expect(names.tool(flat[at] ?? '')).toEqual(
              one.namespace === undefined ? { name: one.name } : one,
            )
            // A tool outside keeps its name; one within is found by its namespace.
            if (one.namespace === undefined) expect(flat[at]).toBe(one.name)
            else expect(names.within(one.namespace)).toContain(flat[at])
          }
          const reversed = new Namespaces(bodyOf([...placed].reverse()))
          expect(tools.map((one) => reversed.flat(one))).toEqual(flat)
        },
      ),
    )
  })
})
