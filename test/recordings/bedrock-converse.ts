import {
  BedrockRuntimeClient,
  type ContentBlock,
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  type TokenUsage,
} from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { FinishReason, ScriptedUsage } from '@postern/testing'
import {
  type Json,
  type ProviderReading,
  parsedArguments,
  type ReadToolCall,
  type ReaderOptions,
} from './meaning.ts'

/**
 * A Converse answer as the official SDK delivers it; it leaves putting the pieces of a stream
 * together to its user.
 */
export async function readBedrockConverse({
  url,
  isStream,
  apiKey = 'sk-any',
  model = 'recorded',
}: ReaderOptions): Promise<ProviderReading> {
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: url,
    token: { token: apiKey },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
    // HTTP/2 is its default, which fakes on loopback do not speak.
    requestHandler: new NodeHttpHandler(),
  })
  const request = {
    modelId: model,
    messages: [{ role: 'user' as const, content: [{ text: 'Hi' }] }],
  }
  try {
    if (isStream)
      return await readStream(
        (await client.send(new ConverseStreamCommand(request))).stream ?? noEvents(),
      )
    const { output, stopReason, usage } = await client.send(new ConverseCommand(request))
    return reading(output?.message?.content ?? [], { stopReason, usage })
  } finally {
    client.destroy()
  }
}

async function* noEvents(): AsyncGenerator<ConverseStreamOutput> {}

interface Ending {
  readonly stopReason: string | undefined
  readonly usage: TokenUsage | undefined
}

interface OpenBlock {
  text: string
  reasoning: string
  signature: string | undefined
  redacted: Uint8Array | undefined
  tool: { id: string; name: string; input: string } | undefined
}

async function readStream(stream: AsyncIterable<ConverseStreamOutput>): Promise<ProviderReading> {
  const blocks = new Map<number, OpenBlock>()
  let stopReason: string | undefined
  let usage: TokenUsage | undefined
  const block = (index = 0): OpenBlock => {
    const known = blocks.get(index) ?? {
      text: '',
      reasoning: '',
      signature: undefined,
      redacted: undefined,
      tool: undefined,
    }
    blocks.set(index, known)
    return known
  }
  for await (const {
    contentBlockStart: start,
    contentBlockDelta: delta,
    messageStop,
    metadata,
  } of stream) {
    if (start?.start?.toolUse !== undefined) {
      const { toolUseId: id = '', name = '' } = start.start.toolUse
      block(start.contentBlockIndex).tool = { id, name, input: '' }
    }
    if (delta !== undefined) {
      const target = block(delta.contentBlockIndex)
      const { text, toolUse, reasoningContent } = delta.delta ?? {}
      target.text += text ?? ''
      target.reasoning += reasoningContent?.text ?? ''
      target.signature = reasoningContent?.signature ?? target.signature
      target.redacted = reasoningContent?.redactedContent ?? target.redacted
      if (target.tool !== undefined) target.tool.input += toolUse?.input ?? ''
    }
    stopReason = messageStop?.stopReason ?? stopReason
    usage = metadata?.usage ?? usage
  }
  return reading([...blocks.values()].map(wholeBlock), { stopReason, usage })
}

function wholeBlock({ text, reasoning, signature, redacted, tool }: OpenBlock): ContentBlock {
  if (tool !== undefined) {
    const input = parsedArguments(tool.input === '' ? '{}' : tool.input)
    return {
      toolUse: {
        toolUseId: tool.id,
        name: tool.name,
        input: input as ContentBlock.ToolUseMember['toolUse']['input'],
      },
    }
  }
  if (redacted !== undefined) return { reasoningContent: { redactedContent: redacted } }
  if (reasoning !== '' || signature !== undefined)
    return { reasoningContent: { reasoningText: { text: reasoning, signature } } }
  return { text }
}

function reading(content: readonly ContentBlock[], { stopReason, usage }: Ending): ProviderReading {
  const signatures: string[] = []
  const toolCalls: ReadToolCall[] = []
  let text = ''
  let reasoning = ''
  for (const { text: words, toolUse, reasoningContent } of content) {
    text += words ?? ''
    if (toolUse !== undefined)
      toolCalls.push({
        id: toolUse.toolUseId,
        name: toolUse.name ?? '',
        arguments: toolUse.input as Json,
      })
    reasoning += reasoningContent?.reasoningText?.text ?? ''
    if (reasoningContent?.reasoningText?.signature)
      signatures.push(reasoningContent.reasoningText.signature)
    if (reasoningContent?.redactedContent !== undefined)
      signatures.push(Buffer.from(reasoningContent.redactedContent).toString('base64'))
  }
  const counts = readUsage(usage)
  return {
    text,
    reasoning,
    signatures,
    toolCalls,
    finish: stopReason === undefined ? undefined : (words[stopReason] ?? 'stop'),
    usage: counts,
    outcome: stopReason === undefined ? 'truncated' : 'complete',
    totalTokens: counts && counts.input + counts.output,
  }
}

const words: Readonly<Record<string, FinishReason>> = {
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
}

/** Prompt cache reads and writes are counted in addition to the input. */
function readUsage(usage: TokenUsage | undefined): ScriptedUsage | undefined {
  if (usage?.inputTokens === undefined) return undefined
  const cached = usage.cacheReadInputTokens ?? 0
  const cacheWrite = usage.cacheWriteInputTokens ?? 0
  return {
    input: usage.inputTokens + cached + cacheWrite,
    output: usage.outputTokens ?? 0,
    cached,
    cacheWrite,
  }
}
