import type { JsonObject } from '../../model/json-object.ts'
import { digestOf } from '../../model/short-tool-id.ts'
import { asObject, asObjects, asText, textOfValue } from '../../wire/json.ts'

/** A tool as this dialect names it: by its own name, within a namespace where it is in one. */
export interface ToolName {
  readonly name: string
  readonly namespace?: string | undefined
}

/**
 * One name for each tool of a request, for targets that know no namespaces, and the way back. A
 * tool of a namespace is `<namespace>__<name>`, with a digest behind it where another tool has that
 * name already: the same in every request that offers the same tools, so that prompt caches hold.
 */
export class Namespaces {
  readonly #flat = new Map<string, string>()
  readonly #tools = new Map<string, ToolName>()

  constructor(body: JsonObject) {
    const taken = new Set<string>()
    const inside = new Map<string, Required<ToolName>>()
    for (const { name, namespace } of namesIn(body)) {
      if (namespace === undefined) taken.add(name)
      else inside.set(keyOf(namespace, name), { name, namespace })
    }
    for (const [key, tool] of [...inside].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const flat = freeName(`${tool.namespace}__${tool.name}`, key, taken)
      taken.add(flat)
      this.#flat.set(key, flat)
      this.#tools.set(flat, tool)
    }
  }

  get isEmpty(): boolean {
    return this.#flat.size === 0
  }

  /** The name of a tool of the request. */
  flat({ name, namespace }: ToolName): string {
    return namespace === undefined ? name : (this.#flat.get(keyOf(namespace, name)) ?? name)
  }

  /** The names of all tools of a namespace, in the order of their names. */
  within(namespace: string): string[] {
    return [...this.#tools].flatMap(([flat, tool]) => (tool.namespace === namespace ? [flat] : []))
  }

  /** The tool that goes by this name. */
  tool(flat: string): ToolName {
    return this.#tools.get(flat) ?? { name: flat }
  }
}

/** The namespace that a call, a choice or a reference is in; an empty one is none. */
export function namespaceOf({ namespace }: JsonObject): string | undefined {
  return asText(namespace)
}

/** Lists of tools in a request: its own, and those that an item of its history adds. */
export function toolLists({
  tools,
  input,
}: JsonObject): { readonly tools: unknown; readonly path: string }[] {
  const added = Array.isArray(input)
    ? input.flatMap((item, at) =>
        asObject(item)?.type === ADDITIONAL_TOOLS
          ? [{ tools: asObject(item)?.tools, path: `input[${at}].tools` }]
          : [],
      )
    : []
  return [{ tools, path: 'tools' }, ...added]
}

/** Type of an item that offers tools from there on. */
export const ADDITIONAL_TOOLS = 'additional_tools'

function* namesIn(body: JsonObject): Iterable<ToolName> {
  for (const { tools } of toolLists(body)) {
    for (const tool of asObjects(tools)) {
      const name =
        asText(tool.name) ??
        asText(asObject(tool.function)?.name) ??
        asText(asObject(tool.custom)?.name)
      if (name === undefined) continue
      if (tool.type !== 'namespace') yield { name }
      else
        for (const inner of asObjects(tool.tools))
          if (asText(inner.name) !== undefined)
            yield { name: textOfValue(inner.name), namespace: name }
    }
  }
  for (const item of asObjects(body.input)) {
    const name = asText(item.name)
    if (name !== undefined && (item.type === 'function_call' || item.type === 'custom_tool_call'))
      yield { name, namespace: namespaceOf(item) }
  }
}

function keyOf(namespace: string, name: string): string {
  return JSON.stringify([namespace, name])
}

const DIGEST_LENGTH = 8

function freeName(wanted: string, key: string, taken: ReadonlySet<string>): string {
  let free = wanted
  for (let salt = 0; taken.has(free); salt++)
    free = `${wanted}_${digestOf(`${key}${salt}`).slice(0, DIGEST_LENGTH)}`
  return free
}
