import {
  type DialectName,
  type FakeProvider,
  type ScriptedReply,
  startFakeProvider,
} from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Framework, startApplication } from './harness/applications.ts'
import { spokenBy } from './harness/spoken.ts'
import { type ToolLoopClient, toolLoopClients } from './harness/tool-loop-clients.ts'

/** A model of each dialect whose rules are strict about what a history holds. */
const models: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'gpt-5-mini',
  'openai-responses': 'gpt-5-mini',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-3-pro-preview',
  'bedrock-converse': 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  cohere: 'command-a-03-2025',
}
const dialects = Object.keys(models) as DialectName[]
const PROVIDER_KEY = 'sk-the-providers-own-key'
const KEY = 'pk_tool_loop_0123456789'

interface Loop {
  readonly fakes: readonly FakeProvider[]
  readonly baseURL: string
  close(): Promise<void>
}

let loop: Loop | undefined
afterEach(async () => {
  await loop?.close()
  loop = undefined
})

/**
 * Three providers in a row; each answers one turn and is down from then on, so that the next one
 * goes on where it stopped.
 */
async function startLoop(
  order: readonly DialectName[],
  framework: Framework = 'Express',
): Promise<Loop> {
  const fakes: FakeProvider[] = []
  for (const [turn, dialect] of order.entries()) {
    const fake = await startFakeProvider({ dialect, apiKey: PROVIDER_KEY })
    fake.enqueue(answers(dialect)[turn] as ScriptedReply)
    fake.reply({ status: 503 })
    fakes.push(fake)
  }
  const providers = fakes.map(
    (fake, at) =>
      [
        `provider-${at}`,
        { baseUrl: fake.url, apiKey: PROVIDER_KEY, dialect: spokenBy(fake) },
      ] as const,
  )
  const application = await startApplication(framework, {
    providers: Object.fromEntries(providers),
    routes: { loop: order.map((dialect, at) => `provider-${at}/${models[dialect]}`) },
    keys: { client: KEY },
    log: 'silent',
  })
  loop = {
    fakes,
    baseURL: `${application.url}/llm/v1`,
    async close() {
      await application.close()
      await Promise.all(fakes.map((fake) => fake.close()))
    },
  }
  return loop
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/**
 * Two calls at once, then a third, then the answer; each turn with a proof of its own that only its
 * provider may see.
 */
function answers(dialect: DialectName): readonly ScriptedReply[] {
  const signature = base64(`proof of ${dialect}`)
  const reasoning = { text: 'Let me see.', signature }
  const call = (city: string, isSigned: boolean) => ({
    name: 'get_weather',
    arguments: { city },
    ...(dialect === 'gemini' && isSigned && { signature }),
  })
  const thought = dialect === 'gemini' ? {} : { reasoning }
  return [
    {
      answer: {
        ...thought,
        text: 'I will look.',
        toolCalls: [call('Paris', true), call('Rome', false)],
      },
    },
    { answer: { ...thought, toolCalls: [call('Oslo', true)] } },
    { answer: { text: 'Sunny everywhere.' } },
  ]
}

async function run(
  client: ToolLoopClient,
  order: readonly DialectName[],
  isStream: boolean,
): Promise<void> {
  const { fakes, baseURL } = await startLoop(order)
  const text = await client({ baseURL, apiKey: KEY, model: 'loop', isStream })
  expect(text).toBe('Sunny everywhere.')
  expect(
    fakes.map((fake) => fake.journal.entries.filter((entry) => entry.status === 200).length),
  ).toEqual([1, 1, 1])
  for (const [at, fake] of fakes.entries()) {
    for (const entry of fake.journal.entries) {
      // A refusal would be a rule of the provider that the history broke.
      expect(entry.refusal).toBeUndefined()
      const foreign = dialects
        .filter((dialect) => dialect !== order[at])
        .map((dialect) => base64(`proof of ${dialect}`))
      for (const proof of foreign) expect(entry.bodyText).not.toContain(proof)
    }
  }
}

/** Every dialect once in every place. */
const rotations = dialects.map((_, at): DialectName[] =>
  [0, 2, 3].map((step) => dialects[(at + step) % dialects.length] as DialectName),
)

describe.each(Object.entries(toolLoopClients))('%s', (_name, client) => {
  describe.each([false, true])('stream: %s', (isStream) => {
    it.each(rotations.map((order) => [order.join(', then '), order] as const))(
      'goes on with %s',
      async (_, order) => {
        await run(client, order, isStream)
      },
    )
  })
})

const pairs = dialects.flatMap((from) => dialects.map((to) => [from, to] as const))

it.each(pairs)('a history of %s is taken by %s in the middle of the loop', async (from, to) => {
  for (const isStream of [false, true]) {
    await run(toolLoopClients['openai chat'] as ToolLoopClient, [from, to, from], isStream)
    await loop?.close()
  }
})
