import { GatewayError } from '../../../errors.ts'
import { append } from '../../../foundation/lists.ts'
import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, AnswerChoice, StreamEvent } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import type { Usage } from '../../model/usage.ts'
import { asList } from '../../wire/json.ts'
import { AnswerReader } from './stream.ts'

/** Throws `upstream_invalid` when the body is no answer, or the error the body carries. */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const collector = new AnswerCollector()
  for (const event of new AnswerReader(call).readChunk(body)) collector.add(event)
  const answer = collector.finish()
  if (answer === undefined)
    throw new GatewayError(
      'upstream_invalid',
      `${call.provider} sent an answer without content or finish reason.`,
    )
  const answered = asList(body['candidates']).length
  if (answered > answer.choices.length) {
    throw new GatewayError(
      'upstream_invalid',
      `${call.provider} sent a candidate without content or finish reason.`,
    )
  }
  return answer
}

interface OpenChoice {
  readonly parts: Part[]
  readonly annotations: unknown[]
  logprobs?: unknown
  finish?: Finish
}

/** Puts the events of a whole answer together. */
class AnswerCollector {
  readonly #choices = new Map<number, OpenChoice>()
  #head: { id?: string | undefined; model?: string | undefined; created?: number | undefined } = {}
  #usage: Usage | undefined

  add(event: StreamEvent): void {
    switch (event.type) {
      case 'start':
        this.#head = { id: event.id, model: event.model, created: event.created }
        return
      case 'usage':
        this.#usage = event.usage
        return
      case 'error':
        throw event.error
      default:
        addToChoice(this.#choice(event.choice), event)
    }
  }

  /** `undefined` when nothing was said. */
  finish(): Answer | undefined {
    if (this.#choices.size === 0) return undefined
    const choices = [...this.#choices.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([, choice]) => finishChoice(choice))
    return { ...this.#head, choices, usage: this.#usage }
  }

  #choice(index: number): OpenChoice {
    const known = this.#choices.get(index)
    if (known !== undefined) return known
    const choice: OpenChoice = { parts: [], annotations: [] }
    this.#choices.set(index, choice)
    return choice
  }
}

type ChoiceEvent = Extract<StreamEvent, { readonly choice: number }>

function addToChoice(choice: OpenChoice, event: ChoiceEvent): void {
  const { parts } = choice
  const last = parts.at(-1)
  switch (event.type) {
    case 'text':
    case 'refusal':
      parts.push({ type: event.type, text: event.text })
      return
    case 'reasoning':
      parts.push({ type: 'reasoning', text: event.text })
      return
    case 'reasoning-signature':
      if (last?.type === 'reasoning' && last.signature === undefined)
        parts[parts.length - 1] = { ...last, signature: event.signature }
      else parts.push({ type: 'reasoning', text: '', signature: event.signature })
      return
    case 'tool-call':
      parts.push({
        type: 'tool-call',
        id: event.id,
        name: event.name,
        arguments: '',
        kind: event.kind,
        signature: event.signature,
      })
      return
    case 'tool-arguments':
      addArguments(parts, event)
      return
    case 'part':
      parts.push(event.part)
      return
    case 'logprobs':
      choice.logprobs = event.value
      return
    case 'annotations':
      append(choice.annotations, event.value)
      return
    case 'finish':
      choice.finish = event.finish
  }
}

function addArguments(
  parts: Part[],
  { index, text }: { readonly index: number; readonly text: string },
): void {
  let seen = -1
  const at = parts.findIndex((part) => part.type === 'tool-call' && ++seen === index)
  const call = parts[at] as ToolCallPart
  parts[at] = { ...call, arguments: call.arguments + text }
}

/** A whole answer has ended, whether it says so or not. */
function finishChoice({ parts, annotations, logprobs, finish }: OpenChoice): AnswerChoice {
  return {
    parts,
    finish: finish ?? {
      reason: parts.some((part) => part.type === 'tool-call') ? 'tool_calls' : 'stop',
    },
    ...(logprobs === undefined ? {} : { logprobs }),
    ...(annotations.length === 0 ? {} : { annotations }),
  }
}
