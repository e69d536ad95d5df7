/**
 * Every translation there is: what clients speak on one side, what providers speak on the other.
 * Requests are small and say the same; answers are streams of 100 fragments of text, made by the
 * fake providers of `@postern/testing`.
 */
import type { DialectName } from '@postern/testing'

/** Dialects that clients of the gateway speak. */
export const clientDialects = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
] as const
export type ClientDialect = (typeof clientDialects)[number]

export type ProviderDialect = DialectName

/**
 * Dialects that providers speak, with the name their provider has in the gateway under measurement.
 */
export const providerNames: Readonly<Record<ProviderDialect, string>> = {
  'openai-chat': 'openai',
  'openai-responses': 'responses',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini',
  'bedrock-converse': 'converse',
  cohere: 'cohere',
}

export type PairTraffic = `pair:${ClientDialect}>${ProviderDialect}`

/** Translated pairs and, first, the one that needs no translation, with which they are compared. */
export const pairs: readonly PairTraffic[] = [
  samePair(),
  ...clientDialects.flatMap((client) =>
    (Object.keys(providerNames) as ProviderDialect[])
      .filter((provider) => provider !== client)
      .map((provider): PairTraffic => `pair:${client}>${provider}`),
  ),
]

export function samePair(): PairTraffic {
  return 'pair:openai-chat>openai-chat'
}

export function isPair(traffic: string): traffic is PairTraffic {
  return traffic.startsWith('pair:')
}

export function sidesOf(traffic: PairTraffic): {
  client: ClientDialect
  provider: ProviderDialect
} {
  const [client, provider] = traffic.slice('pair:'.length).split('>') as [
    ClientDialect,
    ProviderDialect,
  ]
  return { client, provider }
}

/** The text of every answer: fragments that each become one event, whatever the dialect. */
export const pairFragments: readonly string[] = Array.from(
  { length: 100 },
  (_, index) => ` gate${index % 10}`,
)

const question = 'Tell me about the gate.'

/** Where a client of this dialect sends a streaming request for `model`, and what. */
export function pairRequest(client: ClientDialect, model: string): { path: string; body: string } {
  switch (client) {
    case 'openai-chat':
      return {
        path: '/v1/chat/completions',
        body: JSON.stringify({
          model,
          stream: true,
          messages: [{ role: 'user', content: question }],
        }),
      }
    case 'openai-responses':
      return {
        path: '/v1/responses',
        body: JSON.stringify({ model, stream: true, input: question }),
      }
    case 'anthropic-messages':
      return {
        path: '/v1/messages',
        body: JSON.stringify({
          model,
          stream: true,
          max_tokens: 512,
          messages: [{ role: 'user', content: question }],
        }),
      }
    case 'gemini':
      return {
        path: `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: question }] }] }),
      }
  }
}

/** Text near the end of a complete stream of each dialect. */
export const endings: Readonly<Record<ClientDialect, string>> = {
  'openai-chat': '[DONE]',
  'openai-responses': 'response.completed',
  'anthropic-messages': 'message_stop',
  gemini: 'finishReason',
}
