/**
 * Traffic of the benchmark: one request of about 1 KB, one JSON answer of about 2 KB, and a stream
 * of exactly 100 events in each dialect. Everything is built once, so neither the fake upstream nor
 * the load generator spends its time on making text while another process is being measured.
 */

import { isPair, pairFragments, type PairTraffic, providerNames, sidesOf } from './pairs.ts'

/**
 * `json`, `stream` and `paced` speak OpenAI on both sides; `translated` asks in OpenAI and is
 * answered in Anthropic events. The events of `paced` come a millisecond apart, so that each
 * arrives by itself as it does from a real model; the other streams come as fast as they can be
 * written, and the network joins some of their events together. `conversation` is a long history in
 * OpenAI's words for Anthropic, answered whole; `pair:*` are those of `pairs.ts`.
 */
export type Traffic = 'json' | 'stream' | 'paced' | 'translated' | 'conversation' | PairTraffic

/** Kinds of traffic whose unit is a request; that of the others is an event of a stream. */
export function isWhole(traffic: Traffic): boolean {
  return traffic === 'json' || traffic === 'conversation'
}

export const EVENTS_PER_STREAM = 100

const openaiModel = 'gpt-5-mini'
/**
 * A request for this model makes the fake upstream answer slowly; every gateway passes a
 * model's name on.
 */
export const pacedModel = 'gpt-5-mini-paced'
const anthropicModel = 'claude-sonnet-4-6'
const vocabulary =
  'the small gate beside the large one opens for those who know its name and closes behind them'.split(
    ' ',
  )

/** `count` word-like pieces with a leading space, the way models cut their answers. */
function pieces(count: number): string[] {
  return Array.from({ length: count }, (_, index) => ` ${vocabulary[index % vocabulary.length]}`)
}

const openaiPieces = pieces(EVENTS_PER_STREAM - 2)
const anthropicPieces = pieces(EVENTS_PER_STREAM - 6)
const jsonAnswerText = pieces(300).join('')
const conversationAnswerText = pieces(20).join('')

/** The text a correct subject hands to the client for this traffic. */
export function expectedText(traffic: Traffic): string {
  if (traffic === 'json') return jsonAnswerText
  if (traffic === 'conversation') return conversationAnswerText
  if (isPair(traffic)) return pairFragments.join('')
  return (traffic === 'translated' ? anthropicPieces : openaiPieces).join('')
}

/**
 * The model as the provider knows it; a gateway that routes by prefix puts the provider in front.
 */
export function providerModel(traffic: Traffic): string {
  if (traffic === 'translated' || traffic === 'conversation') return anthropicModel
  if (isPair(traffic)) return 'pair-model'
  return traffic === 'paced' ? pacedModel : openaiModel
}

export function providerName(traffic: Traffic): string {
  if (isPair(traffic)) return providerNames[sidesOf(traffic).provider]
  return traffic === 'translated' || traffic === 'conversation' ? 'anthropic' : 'openai'
}

/**
 * An OpenAI chat request of about 1 KB. Usage is not asked for, because SDKs do not ask for it by
 * default.
 */
export function requestBody(traffic: Traffic, model: string): string {
  if (traffic === 'conversation') return conversationBody(model)
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: `You are the keeper of a gate.${pieces(60).join('')}` },
      { role: 'user', content: `Tell me about the gate.${pieces(100).join('')}` },
    ],
    max_completion_tokens: 512,
    ...(traffic === 'json' ? {} : { stream: true }),
  })
}

/** About 50 KB: forty turns, every second of which calls a tool and gets its result. */
function conversationBody(model: string): string {
  const turns = Array.from({ length: 40 }, (_, index) => {
    const asked = { role: 'user', content: `Question ${index}.${pieces(60).join('')}` }
    if (index % 2 === 0)
      return [asked, { role: 'assistant', content: `Answer ${index}.${pieces(100).join('')}` }]
    const id = `call_${String(index).padStart(8, '0')}`
    return [
      asked,
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id,
            type: 'function',
            function: {
              name: 'look_up',
              arguments: JSON.stringify({ words: pieces(20).join('') }),
            },
          },
        ],
      },
      { role: 'tool', tool_call_id: id, content: pieces(120).join('') },
    ]
  })
  const parameters = {
    type: 'object',
    properties: { words: { type: 'string' } },
    required: ['words'],
    additionalProperties: false,
  }
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: `You are the keeper of a gate.${pieces(200).join('')}` },
      ...turns.flat(),
      { role: 'user', content: 'And now?' },
    ],
    tools: [
      {
        type: 'function',
        function: { name: 'look_up', description: 'Looks words up', parameters },
      },
    ],
    max_completion_tokens: 512,
  })
}

/** The whole answer to a conversation, in Anthropic's words. */
export const anthropicJson = Buffer.from(
  JSON.stringify({
    id: 'msg_bench0000000000000000',
    type: 'message',
    role: 'assistant',
    model: anthropicModel,
    content: [{ type: 'text', text: conversationAnswerText }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 470,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 20,
    },
  }),
)

export const openaiJson = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench0000000000000000000000',
    object: 'chat.completion',
    created: 1_763_640_000,
    model: openaiModel,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: jsonAnswerText, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 190,
      completion_tokens: 300,
      total_tokens: 490,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
  }),
)

function openaiEvent(choice: object | null, usage: object | null): Buffer {
  const chunk = {
    id: 'chatcmpl-bench0000000000000000000000',
    object: 'chat.completion.chunk',
    created: 1_763_640_000,
    model: openaiModel,
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
    choices: choice ? [{ index: 0, logprobs: null, finish_reason: null, ...choice }] : [],
    ...(usage ? { usage } : {}),
  }
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`)
}

const openaiDone = Buffer.from('data: [DONE]\n\n')

/** 100 events and the closing mark. */
export const openaiStream: readonly Buffer[] = [
  openaiEvent({ delta: { role: 'assistant', content: '', refusal: null } }, null),
  ...openaiPieces.map((content) => openaiEvent({ delta: { content } }, null)),
  openaiEvent({ delta: {}, finish_reason: 'stop' }, null),
  openaiDone,
]

/**
 * The same with the usage event OpenAI adds when the caller, or a gateway on its behalf, asks for
 * it.
 */
export const openaiStreamWithUsage: readonly Buffer[] = [
  ...openaiStream.slice(0, -1),
  openaiEvent(null, { prompt_tokens: 190, completion_tokens: 98, total_tokens: 288 }),
  openaiDone,
]

function anthropicEvent(data: { type: string }): Buffer {
  return Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** 100 events, `message_stop` included. */
export const anthropicStream: readonly Buffer[] = [
  {
    type: 'message_start',
    message: {
      model: anthropicModel,
      id: 'msg_bench0000000000000000',
      type: 'message',
      role: 'assistant',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 190,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 1,
      },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  ...anthropicPieces.map((text) => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text },
  })),
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 94 },
  },
  { type: 'message_stop' },
].map(anthropicEvent)
