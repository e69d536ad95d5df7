import type {
  Conversation,
  Message,
  Part,
  Tool,
  ToolCallPart,
  ToolChoice,
} from '../model/conversation.ts'
import type { StreamReader } from '../model/stream.ts'
import type { ToolRules } from '../model/tool-rules.ts'
import type { Answer } from '../model/events.ts'
import { asObject } from '../wire/json.ts'
import { FitReader } from './fit-reader.ts'
import { fitNames, isFitName } from './tool-names.ts'
import type { NameRule } from '../model/tool-rules.ts'
import { customInput, INPUT, type ToolOrigin } from './tool-origin.ts'

/**
 * A request with tools adapted to the provider, and the functions that restore them in its answer.
 */
export interface ToolFit {
  readonly conversation: Conversation
  /** Dropped fields, as `field (reason)`. */
  readonly dropped: readonly string[]
  /** The answer with the tools as the client knows them. */
  restore(answer: Answer): Answer
  /** Restores the client's tools in a stream. */
  reader(reader: StreamReader): StreamReader
}

/** `undefined` where the provider takes the tools of the conversation as they are. */
export function fitTools(conversation: Conversation, rules: ToolRules): ToolFit | undefined {
  const used = usedTools(conversation, rules)
  const hidesCustom = !rules.customTools && used.hasCustom
  const names = fitNames(used.names)
  if (names.size === 0 && !hidesCustom) return undefined
  const fitting: Fitting = { nameOf: (name) => names.get(name) ?? name, hidesCustom }
  const origins = originsOf(conversation.tools, fitting)
  const restored = (part: ToolCallPart): ToolCallPart => restoredCall(part, origins.get(part.name))
  return {
    conversation: fitConversation(conversation, fitting),
    dropped: [
      ...(names.size === 0 ? [] : ['tools.name (shortened)']),
      ...(hidesCustom ? customNotes(conversation.tools) : []),
    ],
    restore: (answer) => ({
      ...answer,
      choices: answer.choices.map((choice) => ({
        ...choice,
        parts: choice.parts.map((part) => (part.type === 'tool-call' ? restored(part) : part)),
      })),
    }),
    reader: (reader) => new FitReader(reader, origins),
  }
}

/**
 * Whether the provider takes these tools unchanged, so that a relay may pass the client's bytes.
 */
export function areFit(
  tools: Iterable<{ readonly name: unknown; readonly isCustom: boolean }>,
  rules: ToolRules,
): boolean {
  for (const { name, isCustom } of tools) {
    if (isCustom && !rules.customTools) return false
    if (typeof name === 'string' && name !== '' && !isFitName(name, ruleFor(rules, isCustom)))
      return false
  }
  return true
}

function ruleFor({ names }: ToolRules, isCustom: boolean): NameRule {
  return isCustom && names.customMax !== undefined ? { ...names, max: names.customMax } : names
}

interface Fitting {
  nameOf(name: string): string
  /** Custom (free-text) tools are offered as functions. */
  readonly hidesCustom: boolean
}

/** Names of all tools that are offered or were called, with the rule for each. */
function usedTools(
  { tools, messages }: Conversation,
  rules: ToolRules,
): { readonly names: ReadonlyMap<string, NameRule>; readonly hasCustom: boolean } {
  const names = new Map<string, NameRule>()
  let hasCustom = false
  const use = ({ name, kind }: { readonly name: string; readonly kind: string }): void => {
    if (kind === 'custom') hasCustom = true
    // The narrower rule stays where one name is used for both kinds.
    if (name !== '' && (kind === 'custom' || !names.has(name)))
      names.set(name, ruleFor(rules, kind === 'custom'))
  }
  for (const tool of tools) if (tool.kind !== 'extension') use(tool)
  for (const { parts } of messages)
    for (const part of parts) if (part.type === 'tool-call') use(part)
  return { names, hasCustom }
}

function originsOf(
  tools: readonly Tool[],
  { nameOf, hidesCustom }: Fitting,
): ReadonlyMap<string, ToolOrigin> {
  const own = tools.filter(({ kind }) => kind !== 'extension')
  return new Map(
    own.map(({ name, kind }) => [
      nameOf(name),
      { name, isCustom: hidesCustom && kind === 'custom' },
    ]),
  )
}

function customNotes(tools: readonly Tool[]): string[] {
  return tools.flatMap(({ kind }, at) =>
    kind === 'custom'
      ? [
          `tools[${at}] (custom tool offered as a function of one string, its format is not enforced)`,
        ]
      : [],
  )
}

function fitConversation(conversation: Conversation, fitting: Fitting): Conversation {
  const { toolChoice } = conversation
  return {
    ...conversation,
    tools: conversation.tools.map((tool) => fitTool(tool, fitting)),
    ...(toolChoice !== undefined && { toolChoice: fitChoice(toolChoice, fitting) }),
    messages: conversation.messages.map((message) => fitMessage(message, fitting)),
  }
}

function fitTool(tool: Tool, { nameOf, hidesCustom }: Fitting): Tool {
  if (tool.kind === 'extension') return tool
  const name = nameOf(tool.name)
  if (tool.kind === 'custom' && hidesCustom) {
    const { description, cacheHint } = tool
    const parameters = {
      type: 'object',
      properties: { [INPUT]: { type: 'string' } },
      required: [INPUT],
    }
    return {
      kind: 'function',
      name,
      description,
      parameters,
      ...(cacheHint !== undefined && { cacheHint }),
    }
  }
  return name === tool.name
    ? tool
    : { ...tool, name, ...(tool.value !== undefined && { value: renamedValue(tool.value, name) }) }
}

/** A tool that is sent unchanged also has its name inside. */
function renamedValue(value: unknown, name: string): unknown {
  const own = asObject(value)
  const custom = asObject(own?.custom)
  return custom === undefined ? { ...own, name } : { ...own, custom: { ...custom, name } }
}

function fitChoice(choice: ToolChoice, { nameOf }: Fitting): ToolChoice {
  if (choice.mode === 'tool') return { ...choice, name: nameOf(choice.name) }
  return choice.mode === 'allowed' ? { ...choice, names: choice.names.map(nameOf) } : choice
}

function fitMessage(message: Message, fitting: Fitting): Message {
  const named =
    message.role === 'tool' && message.name !== undefined
      ? { ...message, name: fitting.nameOf(message.name) }
      : message
  if (!named.parts.some((part) => part.type === 'tool-call')) return named
  return {
    ...named,
    parts: named.parts.map((part): Part =>
      part.type === 'tool-call' ? fitCall(part, fitting) : part,
    ),
  }
}

function fitCall(call: ToolCallPart, { nameOf, hidesCustom }: Fitting): ToolCallPart {
  const name = nameOf(call.name)
  if (call.kind === 'custom' && hidesCustom)
    return {
      ...call,
      name,
      kind: 'function',
      arguments: JSON.stringify({ [INPUT]: call.arguments }),
    }
  return { ...call, name }
}

function restoredCall(call: ToolCallPart, origin: ToolOrigin | undefined): ToolCallPart {
  if (origin === undefined) return call
  const { name, isCustom } = origin
  return isCustom
    ? { ...call, name, kind: 'custom', arguments: customInput(call.arguments) }
    : { ...call, name }
}
