import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CLIENT_DIALECTS,
  type Leaving,
  LeavingClients,
  type Left,
} from './harness/leaving-clients.ts'

const COUNT = Number(process.env['CLIENT_LEAVES'] ?? 320)
const SEED = Number(process.env['CLIENT_LEAVES_SEED'] ?? 1)
const MOMENTS = 20
const AT_ONCE = 40

let clients: LeavingClients
beforeAll(async () => {
  clients = await LeavingClients.start()
})
afterAll(() => clients.close())

/** Of models that show what they write, of ones that do not, and of one that is not known. */
const models = fc.constantFrom(
  { model: 'gpt-4o', hidden: 0 },
  { model: 'claude-sonnet-4-5', hidden: 0 },
  { model: 'gemini-2.0-flash', hidden: 0 },
  { model: 'deepseek-r1', hidden: 0 },
  { model: 'some-model', hidden: 0 },
  { model: 'o3', hidden: 120 },
  { model: 'gpt-5-mini', hidden: 200 },
  { model: 'gemini-2.5-pro', hidden: 90 },
  { model: 'claude-opus-5', hidden: 150 },
)

const situations = (at: number): fc.Arbitrary<Leaving> =>
  fc
    .record({
      from: fc.constant(CLIENT_DIALECTS[at % 4] ?? 'gemini'),
      // Most are relayed as they are: it is there that nothing is read.
      to: fc.oneof(
        { weight: 3, arbitrary: fc.constant(CLIENT_DIALECTS[at % 4] ?? 'gemini') },
        { weight: 2, arbitrary: fc.constantFrom(...CLIENT_DIALECTS) },
      ),
      stream: fc.constant(Math.floor(at / 4) % 2 === 0),
      moment: fc.constant((Math.floor(at / 8) % MOMENTS) / (MOMENTS - 1.5)),
      model: models,
      shown: fc.integer({ min: 4, max: 60 }),
      tokensPerFragment: fc.integer({ min: 1, max: 4 }),
      what: fc.constantFrom<Leaving['what']>('text', 'text', 'reasoning', 'tool arguments'),
      paceMs: fc.integer({ min: 2, max: 6 }),
      by: fc.constantFrom<Leaving['by']>('hanging up', 'hanging up', 'a deadline'),
      bound: fc.constantFrom(undefined, 400, 2_000),
    })
    .map(({ model, ...rest }) => ({
      ...rest,
      ...model,
      what: model.hidden > 0 ? 'text' : rest.what,
    }))

async function leaveAll(leavings: readonly Leaving[]): Promise<Left[]> {
  const left: Left[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let leaving = leavings[next++]; leaving !== undefined; leaving = leavings[next++])
      left.push(await clients.leave(leaving))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return left
}

describe('a client that leaves', () => {
  it(
    `is counted for all that its provider made until it noticed, at each of ${MOMENTS} moments`,
    async () => {
      const leavings = Array.from({ length: COUNT }, (_, at) =>
        fc.sample(situations(at), { numRuns: 1, seed: SEED + at }),
      ).flat()
      const left = await leaveAll(leavings)
      const escapes = left.filter(
        ({ billed, counted, billedInput, countedInput }) =>
          counted < billed || countedInput < billedInput,
      )
      expect(
        escapes.map(({ leaving, billed, counted, billedInput, countedInput, record }) => ({
          ...leaving,
          billed,
          counted,
          billedInput,
          countedInput,
          record,
        })),
      ).toEqual([])
      // Every kind of end was among them.
      expect(new Set(left.flatMap(({ record }) => record?.code ?? []))).toEqual(
        new Set(['ok', 'client_closed', 'deadline_exceeded']),
      )
      expect(
        left.filter(({ record }) => record?.code !== 'ok' && record?.usage?.because !== undefined)
          .length,
      ).toBeGreaterThan(COUNT / 4)
      if (COUNT > 1_000) console.log(summary(left))
    },
    Math.max(30_000, COUNT * 60),
  )
})

function summary(left: readonly Left[]): object {
  const broken = left.filter(({ record }) => record?.code !== 'ok')
  const visible = broken.filter(({ record }) => record?.usage?.because === 'stream_unfinished')
  const billed = (of: readonly Left[]): number => of.reduce((total, one) => total + one.billed, 0)
  const counted = (of: readonly Left[]): number => of.reduce((total, one) => total + one.counted, 0)
  return {
    requests: left.length,
    brokenOff: broken.length,
    billed: billed(left),
    counted: counted(left),
    visibleStreams: visible.length,
    billedOfThem: billed(visible),
    countedOfThem: counted(visible),
  }
}
