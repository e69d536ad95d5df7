import type { FinishReason } from '@postern/testing'
import OpenAI from 'openai'
import type {
  Response,
  ResponseOutputItem,
  ResponseReasoningItem,
  ResponseUsage,
} from 'openai/resources/responses/responses'
import {
  type ProviderReading,
  parsedArguments,
  type ReadToolCall,
  type ReaderOptions,
} from './meaning.ts'

/**
 * A response as the official SDK delivers it. Its `stream()` helper gives up on events newer than
 * itself and on items that other services leave out, so the events are read as they come: every
 * item is whole in the event that ends it.
 */
export async function readOpenaiResponses({
  url,
  isStream,
  apiKey = 'sk-any',
  model = 'recorded',
}: ReaderOptions): Promise<ProviderReading> {
  const client = new OpenAI({ apiKey, baseURL: url, maxRetries: 0 })
  const request = { model, input: 'Hi' }
  if (!isStream) return readResponse(await client.responses.create(request))
  const items = new Map<number, ResponseOutputItem>()
  let last: Response | undefined
  for await (const event of await client.responses.create({ ...request, stream: true })) {
    if (event.type === 'response.output_item.done') items.set(event.output_index, event.item)
    else if ('response' in event) last = event.response
  }
  if (last === undefined) throw new TypeError('The stream holds no response.')
  return readResponse(
    items.size > 0
      ? { ...last, output: [...items].sort(([a], [b]) => a - b).map(([, item]) => item) }
      : last,
  )
}

/** Meaning of a response object from any sender. */
export function readResponse(response: Response): ProviderReading {
  let text = ''
  let reasoning = ''
  const signatures: string[] = []
  const toolCalls: ReadToolCall[] = []
  for (const item of response.output) {
    if (item.type === 'message')
      for (const part of item.content) text += part.type === 'output_text' ? part.text : ''
    else if (item.type === 'function_call')
      toolCalls.push({
        id: item.call_id,
        name: item.name,
        arguments: parsedArguments(item.arguments === '' ? '{}' : item.arguments),
      })
    else if (item.type === 'custom_tool_call')
      toolCalls.push({ id: item.call_id, name: item.name, arguments: { input: item.input } })
    else if (item.type === 'reasoning') {
      reasoning += visibleReasoning(item)
      if (item.encrypted_content) signatures.push(item.encrypted_content)
    }
  }
  const usage = readUsage(response.usage)
  return {
    text,
    reasoning,
    signatures,
    toolCalls,
    finish: finishOf(response, toolCalls.length > 0),
    usage,
    outcome:
      response.status === 'completed' || response.status === 'incomplete'
        ? 'complete'
        : 'truncated',
    totalTokens: usage && usage.input + usage.output,
  }
}

/** A summary and the text itself never come together; parts of a summary are paragraphs. */
function visibleReasoning(item: ResponseReasoningItem): string {
  const texts = item.content?.map(({ text }) => text) ?? []
  return texts.length > 0 ? texts.join('') : item.summary.map(({ text }) => text).join('\n\n')
}

function finishOf(
  { status, incomplete_details: details }: Response,
  hasCalls: boolean,
): FinishReason | undefined {
  if (status === 'completed') return hasCalls ? 'tool_calls' : 'stop'
  if (status !== 'incomplete') return undefined
  return details?.reason === 'content_filter' ? 'content_filter' : 'length'
}

function readUsage(usage: ResponseUsage | undefined) {
  if (!usage) return undefined
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cached: usage.input_tokens_details?.cached_tokens ?? 0,
    cacheWrite: usage.input_tokens_details?.cache_write_tokens ?? 0,
    reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
  }
}
