import Anthropic from '@anthropic-ai/sdk'
import type { FinishReason, ScriptedUsage } from '@postern/testing'
import type { Json, ProviderReading, ReaderOptions, ReadToolCall } from './meaning.ts'

/**
 * A message as the official SDK assembles it. Blocks of tools the provider runs itself are no calls
 * for the client.
 */
export async function readAnthropicMessages({
  url,
  isStream,
  apiKey = 'sk-any',
  model = 'recorded',
}: ReaderOptions): Promise<ProviderReading> {
  const client = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 })
  const request = { model, max_tokens: 64, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const message = isStream
    ? await client.messages.stream(request).finalMessage()
    : await client.messages.create(request)
  const signatures: string[] = []
  const toolCalls: ReadToolCall[] = []
  let text = ''
  let reasoning = ''
  for (const block of message.content) {
    if (block.type === 'text') text += block.text
    else if (block.type === 'redacted_thinking') signatures.push(block.data)
    else if (block.type === 'tool_use')
      toolCalls.push({ id: block.id, name: block.name, arguments: block.input as Json })
    else if (block.type === 'thinking') {
      reasoning += block.thinking
      if (block.signature !== '') signatures.push(block.signature)
    }
  }
  const usage = readUsage(message.usage)
  return {
    text,
    reasoning,
    signatures,
    toolCalls,
    finish: message.stop_reason === null ? undefined : (words[message.stop_reason] ?? 'stop'),
    usage,
    outcome: message.stop_reason === null ? 'truncated' : 'complete',
    totalTokens: usage.input + usage.output,
  }
}

const words: Readonly<Record<string, FinishReason>> = {
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
}

/**
 * The provider counts what the prompt cache took and gave beside the input; OpenAI counts it
 * inside.
 */
function readUsage(usage: Anthropic.Usage): ScriptedUsage {
  const cached = usage.cache_read_input_tokens ?? 0
  const cacheWrite = usage.cache_creation_input_tokens ?? 0
  return {
    input: usage.input_tokens + cached + cacheWrite,
    output: usage.output_tokens,
    cached,
    cacheWrite,
    reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
  }
}
