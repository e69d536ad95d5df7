import type { FinishReason } from '@postern/testing'
import OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources'
import {
  type Json,
  openaiUsage,
  parsedArguments,
  type ReadMeaning,
  type ReadToolCall,
} from './meaning.ts'

/** Answer that a client of the gateway got. */
export interface GatewayReading extends ReadMeaning {
  /** How the call failed, before the answer or in the middle of it. */
  readonly error: InstanceType<typeof OpenAI.APIError> | undefined
  /** The body as it came. */
  readonly body: string
}

export interface GatewayAddress {
  readonly baseURL: string
  readonly apiKey: string
  readonly fetch: typeof globalThis.fetch
}

/**
 * Asks a gateway with the official SDK. A stream is read twice: chunk by chunk as any client would,
 * to the letter of OpenAI's rules, and by the SDK's own `finalChatCompletion`, which must agree.
 */
export async function readThroughGateway(
  address: GatewayAddress,
  call: { readonly model: string; readonly isStream: boolean },
): Promise<GatewayReading> {
  let copy: Promise<string> | undefined
  const client = new OpenAI({
    baseURL: address.baseURL,
    apiKey: address.apiKey,
    maxRetries: 0,
    fetch: async (input, init) => {
      const response = await address.fetch(input, init)
      copy = response.clone().text()
      return response
    },
  })
  const reader = new ChunkReader()
  const request: Question = { model: call.model, messages: [{ role: 'user', content: 'Hi' }] }
  let error: GatewayReading['error']
  try {
    if (call.isStream) await readStream(client, request, reader)
    else reader.takeWhole(await client.chat.completions.create(request))
  } catch (thrown) {
    if (!(thrown instanceof OpenAI.APIError)) throw thrown
    error = thrown
  }
  return { ...reader.meaning(error), error, body: (await copy) ?? '' }
}

type Question = Pick<OpenAI.ChatCompletionCreateParamsNonStreaming, 'model' | 'messages'>

async function readStream(client: OpenAI, request: Question, reader: ChunkReader): Promise<void> {
  const stream = client.chat.completions.stream({
    ...request,
    stream_options: { include_usage: true },
  })
  stream.on('chunk', (chunk) => reader.takeChunk(chunk))
  reader.agreeWith(await stream.finalChatCompletion())
}

interface Message {
  readonly content?: string | null
  readonly reasoning_content?: string | null
  readonly reasoning_details?: readonly ReasoningDetail[]
  readonly tool_calls?: readonly ToolCallPiece[] | null
}

interface ReasoningDetail {
  readonly text?: string
  readonly signature?: string
  readonly data?: string
  readonly format?: string
}

/** The proof as its provider wrote it; one API needs the id of the item beside it. */
function proofIn({ signature, data, format }: ReasoningDetail): string | undefined {
  const proof = signature ?? data
  return proof === undefined || format !== 'openai-responses'
    ? proof
    : (JSON.parse(proof) as { encrypted_content: string }).encrypted_content
}

interface ToolCallPiece {
  readonly index?: number
  readonly id?: string
  readonly type?: string
  readonly function?: { readonly name?: string; readonly arguments?: string }
  readonly custom?: { readonly name?: string; readonly input?: string }
  readonly extra_content?: { readonly google?: { readonly thought_signature?: string } }
}

interface OpenCall {
  readonly id: string | undefined
  readonly name: string
  readonly signature: string | undefined
  /** Its arguments are a text of any kind. */
  readonly isCustom: boolean
  text: string
}

/** Puts an answer together by OpenAI's rules, and throws where the answer breaks one. */
class ChunkReader {
  #text = ''
  #reasoning = ''
  #detailed = ''
  #id: string | undefined
  #opened = false
  #finish: FinishReason | undefined
  #usage: Json | undefined
  readonly #signatures: string[] = []
  readonly #calls: OpenCall[] = []

  takeWhole({ choices, usage }: ChatCompletion): void {
    const choice = only(choices)
    broken(choice.message.role !== 'assistant', 'the message is not the assistant’s')
    this.#takeMessage(choice.message as Message)
    this.#finish = choice.finish_reason as FinishReason
    this.#usage = usage as unknown as Json
  }

  takeChunk(chunk: ChatCompletionChunk): void {
    this.#id ??= chunk.id
    broken(chunk.id !== this.#id, `the stream has two ids, ${this.#id} and ${chunk.id}`)
    broken(chunk.object !== 'chat.completion.chunk', `object is ${chunk.object}`)
    broken(this.#usage !== undefined, 'there is a chunk after the usage')
    if (chunk.usage) this.#usage = chunk.usage as unknown as Json
    if (chunk.choices.length === 0) return
    const choice = only(chunk.choices)
    broken(this.#finish !== undefined, 'there is a choice after the finish reason')
    broken(!this.#opened && choice.delta.role !== 'assistant', 'the first delta has no role')
    this.#opened = true
    this.#takeMessage(choice.delta as Message)
    if (choice.finish_reason !== null) this.#finish = choice.finish_reason as FinishReason
  }

  /** The SDK's own assembly of the same chunks. */
  agreeWith({ choices, usage }: ChatCompletion): void {
    const { message, finish_reason: finish } = only(choices)
    const calls =
      message.tool_calls?.map((call) =>
        call.type === 'function'
          ? [call.id, call.function.name, call.function.arguments]
          : [call.id, call.custom.name, call.custom.input],
      ) ?? []
    const own = [
      this.#text,
      this.#finish,
      this.#calls.map(({ id, name, text }) => [id, name, text]),
      this.#usage,
    ]
    const theirs = [message.content ?? '', finish, calls, usage ?? undefined]
    broken(
      JSON.stringify(own) !== JSON.stringify(theirs),
      `finalChatCompletion differs: ${JSON.stringify(theirs)}`,
    )
  }

  meaning(error: GatewayReading['error']): ReadMeaning {
    broken(
      this.#detailed !== '' && this.#detailed !== this.#reasoning,
      'reasoning_details and reasoning_content differ',
    )
    return {
      text: this.#text,
      reasoning: this.#reasoning,
      signatures: this.#signatures,
      toolCalls: error === undefined ? this.#calls.map(toolCall) : [],
      finish: this.#finish,
      usage: openaiUsage(this.#usage),
      outcome:
        error === undefined
          ? 'complete'
          : error.code === 'upstream_truncated'
            ? 'truncated'
            : 'error',
    }
  }

  #takeMessage(message: Message): void {
    this.#text += message.content ?? ''
    this.#reasoning += message.reasoning_content ?? ''
    for (const detail of message.reasoning_details ?? []) {
      this.#detailed += detail.text ?? ''
      const signature = proofIn(detail)
      if (signature !== undefined) this.#signatures.push(signature)
    }
    message.tool_calls?.forEach((call, at) => this.#takeCall(call, call.index ?? at))
  }

  #takeCall(call: ToolCallPiece, index: number): void {
    const open = this.#calls[index]
    const text = call.function?.arguments ?? call.custom?.input ?? ''
    if (open !== undefined) {
      broken(call.function?.name !== undefined, `call ${index} is opened twice`)
      open.text += text
      return
    }
    broken(index !== this.#calls.length, `call ${index} follows ${this.#calls.length} others`)
    const name = (call.type === 'custom' ? call.custom : call.function)?.name
    broken(
      (call.type !== 'function' && call.type !== 'custom') || !call.id || !name,
      `call ${index} opens without type, id or name`,
    )
    const signature = call.extra_content?.google?.thought_signature
    if (signature !== undefined) this.#signatures.push(signature)
    this.#calls.push({
      id: call.id,
      name: name ?? '',
      signature,
      text,
      isCustom: call.type === 'custom',
    })
  }
}

function toolCall({ id, name, signature, text, isCustom }: OpenCall): ReadToolCall {
  return { id, name, signature, arguments: isCustom ? { input: text } : parsedArguments(text) }
}

function only<T>(choices: readonly T[]): T {
  const [choice] = choices
  if (choice === undefined || choices.length > 1)
    throw new Error(`Not an answer by OpenAI's rules: it has ${choices.length} choices.`)
  return choice
}

function broken(isBroken: boolean, rule: string): void {
  if (isBroken) throw new Error(`Not an answer by OpenAI's rules: ${rule}.`)
}
