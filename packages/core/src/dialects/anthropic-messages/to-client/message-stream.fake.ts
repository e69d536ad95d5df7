import type { JsonObject } from '../../model/json-object.ts'

export interface StreamedMessage {
  /** The message as an official client gathers it. */
  readonly message: JsonObject
  /** Of the `error` event a broken stream ended with. */
  readonly error: JsonObject | undefined
  /** `type` of every event, in order. */
  readonly types: readonly string[]
}

const DELTAS: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  server_tool_use: ['input_json_delta'],
}

/**
 * Reads a rendered stream to the letter, and knows nothing of our code. Throws where an official
 * client would stumble: an event without its name, blocks that overlap or leave a gap, a delta of
 * another kind than its block, anything after the end.
 */
export function readMessageStream(text: string): StreamedMessage {
  const types: string[] = []
  const blocks: JsonObject[] = []
  let message: JsonObject | undefined
  let error: JsonObject | undefined
  let open = -1
  let json = ''
  for (const frame of text.split('\n\n').slice(0, -1)) {
    const match = /^event: ([a-z_]+)\ndata: ([^\r\n]+)$/.exec(frame)
    if (match === null) throw new Error(`No named event of one line: ${frame}`)
    const event = JSON.parse(match[2] ?? '') as JsonObject & {
      index: number
      delta: JsonObject
      content_block: JsonObject
      usage: JsonObject
    }
    if (event.type !== match[1]) throw new Error(`${match[1]} holds ${String(event.type)}`)
    if (error !== undefined || types.at(-1) === 'message_stop')
      throw new Error(`${match[1]} after the end`)
    types.push(match[1] ?? '')
    const block = blocks[open]
    switch (match[1]) {
      case 'message_start':
        if (types.length > 1) throw new Error('A second beginning')
        message = event.message as JsonObject
        break
      case 'content_block_start':
        if (message === undefined || open !== -1 || event.index !== blocks.length)
          throw new Error(`Block ${event.index} begins out of turn`)
        open = event.index
        json = ''
        blocks.push({ ...event.content_block })
        break
      case 'content_block_delta':
        if (
          block === undefined ||
          event.index !== open ||
          !DELTAS[String(block.type)]?.includes(String(event.delta.type))
        )
          throw new Error(`A stray delta: ${frame}`)
        if (event.delta.type === 'input_json_delta') json += String(event.delta.partial_json)
        else addDelta(block, event.delta)
        break
      case 'content_block_stop':
        if (block === undefined || event.index !== open)
          throw new Error(`Block ${event.index} ends out of turn`)
        if (json !== '') block.input = JSON.parse(json)
        open = -1
        break
      case 'message_delta':
        if (
          message === undefined ||
          open !== -1 ||
          types.includes('message_delta', types.indexOf('message_delta') + 1)
        )
          throw new Error('A message_delta out of turn')
        message = {
          ...message,
          ...event.delta,
          usage: { ...(message.usage as JsonObject), ...event.usage },
        }
        break
      case 'message_stop':
        if (types.at(-2) !== 'message_delta') throw new Error('An end without a reason')
        break
      case 'error':
        error = event
        break
      default:
        throw new Error(`An unknown event: ${match[1]}`)
    }
  }
  return { message: { ...message, content: blocks }, error, types }
}

function addDelta(block: JsonObject, delta: JsonObject): void {
  if (delta.type === 'text_delta') block.text = `${String(block.text)}${String(delta.text)}`
  else if (delta.type === 'thinking_delta')
    block.thinking = `${String(block.thinking)}${String(delta.thinking)}`
  else if (delta.type === 'signature_delta') block.signature = delta.signature
  else block.citations = [...((block.citations as unknown[] | undefined) ?? []), delta.citation]
}
