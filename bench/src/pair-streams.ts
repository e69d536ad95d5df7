/**
 * The streams of every provider dialect as buffers, taken once from the fake providers before
 * anything is measured.
 */
import { request } from 'node:http'
import { startFakeProvider } from '@postern/testing'
import { pairFragments, type ProviderDialect, providerNames } from './pairs.ts'

export interface PairStream {
  readonly contentType: string
  /** Each event as it is written. */
  readonly events: readonly Buffer[]
}

const addresses: Readonly<Record<ProviderDialect, string>> = {
  'openai-chat': '/chat/completions',
  'openai-responses': '/responses',
  'anthropic-messages': '/v1/messages',
  gemini: '/v1beta/models/m:streamGenerateContent?alt=sse',
  'bedrock-converse': '/model/m/converse-stream',
  cohere: '/v2/chat',
}

/** One stream in each dialect. */
export async function recordPairStreams(): Promise<ReadonlyMap<ProviderDialect, PairStream>> {
  const streams = new Map<ProviderDialect, PairStream>()
  for (const dialect of Object.keys(providerNames) as ProviderDialect[]) {
    const fake = await startFakeProvider({ dialect, validate: false })
    fake.reply({ answer: { text: pairFragments, usage: { input: 190, output: 100 } } })
    streams.set(dialect, await record(fake.url + addresses[dialect]))
    await fake.close()
  }
  return streams
}

function record(url: string): Promise<PairStream> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      },
      (response) => {
        const contentType = response.headers['content-type'] ?? ''
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            contentType,
            events: contentType.includes('amazon.eventstream')
              ? frames(Buffer.concat(pieces))
              : textEvents(Buffer.concat(pieces)),
          }),
        )
      },
    )
    call.on('error', reject)
    call.end(
      JSON.stringify({
        model: 'm',
        stream: true,
        stream_options: { include_usage: true },
        messages: [],
        max_tokens: 1,
      }),
    )
  })
}

function textEvents(body: Buffer): Buffer[] {
  return body
    .toString('utf8')
    .split(/(?<=\r?\n\r?\n)/)
    .map((event) => Buffer.from(event))
}

/** A binary frame begins with its own length. */
function frames(body: Buffer): Buffer[] {
  const events: Buffer[] = []
  for (let at = 0; at < body.length; at += body.readUInt32BE(at))
    events.push(body.subarray(at, at + body.readUInt32BE(at)))
  return events
}
