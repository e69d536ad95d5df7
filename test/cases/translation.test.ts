import { createGateway, type Gateway } from '@postern/core'
import { CONFORMANCE_KEY, type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type ClientReading, clientApis } from '../harness/client-apis.ts'
import {
  type ExpectedMeaning,
  needsSharedCases,
  translationCases,
} from '../harness/shared-cases.ts'

let provider: FakeProvider | undefined
let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close()
  await provider?.close()
})

/** Only the facts that the case is about. */
function meaningOf(
  { text, tools, finish, raw }: ClientReading,
  expected: ExpectedMeaning,
): ExpectedMeaning {
  const all = JSON.stringify(raw)
  const choice = (
    raw as {
      choices?: { finish_reason?: string; message?: { refusal?: string | null; audio?: unknown } }[]
    }
  ).choices?.[0]
  return {
    ...(expected.text !== undefined && { text }),
    ...(expected.tools !== undefined && {
      tools: tools.map(({ id, name, args }) => ({
        ...(expected.tools?.[0]?.id !== undefined && { id: id as string }),
        name,
        args,
      })),
    }),
    ...(expected.finish !== undefined && { finish: finish as string }),
    ...(expected.rawFinish !== undefined && { rawFinish: choice?.finish_reason as string }),
    ...(expected.refusal !== undefined && { refusal: choice?.message?.refusal ?? '' }),
    ...(expected.urls !== undefined && { urls: expected.urls.filter((url) => all.includes(url)) }),
    ...(expected.audio !== undefined && {
      audio: choice?.message?.audio === undefined || choice.message.audio === null ? 0 : 1,
    }),
  }
}

describe('answers as their own SDK reads them', () => {
  it('has the shared cases', (context) => {
    needsSharedCases(context)
    expect(translationCases().length).toBeGreaterThan(5)
  })

  it.each(
    translationCases().flatMap((each) =>
      each.clients.map((api) => [each.name, api, each] as const),
    ),
  )('%s through %s', async (_name, api, { recording, provider: name, expect: expected }) => {
    provider = await startFakeProvider({ dialect: recording.dialect as 'gemini', validate: false })
    provider.reply({ replay: recording })
    gateway = createGateway(
      {
        providers: {
          [name]: {
            baseUrl: provider.url,
            apiKey: 'canary',
            dialect: recording.dialect as 'gemini',
            alsoSpeaks: [],
          },
        },
        keys: { team: CONFORMANCE_KEY },
        log: 'silent',
        retries: 0,
      },
      { environment: {} },
    )
    const reading = await clientApis[api](
      { url: 'http://gateway', apiKey: CONFORMANCE_KEY, fetch: gateway.fetch as typeof fetch },
      { model: `${name}/m`, isStream: recording.isStream },
    )
    expect(meaningOf(reading, expected)).toEqual(expected)
  })
})
