import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent } from 'node:http'
import type { RequestRecord } from '@postern/core'
import { createGate } from '../gate.ts'
import { type FakeProvider, startFakeProvider } from '../server.ts'
import { chat, openChat, readUntil, streamed } from './client.ts'
import {
  type AdapterHarness,
  type AdapterSetup,
  type ConformanceCase,
  CONFORMANCE_KEY,
  type RunningApplication,
} from './harness.ts'
import { ADMIN_TOKEN, OTHER_SPELLINGS } from './paths.ts'

interface Stage {
  readonly provider: FakeProvider
  readonly application: RunningApplication
  /** The gateway's own base: origin and mount path. */
  readonly base: string
  readonly resolvesPaths: boolean
  /** The record of the next request that ends. */
  nextRecord(): Promise<RequestRecord>
}

type Part = (stage: Stage) => Promise<void>

/** Longest time from a client's leaving to the end of the provider's call, in milliseconds. */
const CANCEL_WITHIN_MS = 100

/**
 * Conformance of adapters, the same for every framework. Independent of the test runner:
 *
 * ```ts
 * for (const { name, run } of adapterConformance) it(name, () => run(harness))
 * ```
 */
export const adapterConformance: readonly ConformanceCase[] = [
  on('answers a JSON request', {}, async ({ base }) => {
    const answer = await chat({ url: `${base}/v1/chat/completions` })
    assert.equal(answer.status, 200)
    assert.equal(textOf(answer.text), 'You said: Hello')
    assert.match(String(answer.headers['x-postern-request-id']), /^req_/)
    assert.equal(answer.headers['x-postern-target'], 'fake/model')
    assert.equal(answer.headers['x-postern-attempts'], '1')
  }),
  on('K8, H8: answers below a nested mount path', { mountPath: '/a/b' }, async ({ base }) => {
    assert.equal((await chat({ url: `${base}/v1/chat/completions` })).status, 200)
  }),
  on('delivers each event before the next one exists', {}, deliversEventByEvent),
  on(
    'K3, K11: delivers each event under a compressing middleware',
    { compression: true },
    deliversEventByEvent,
  ),
  on(
    'K1: takes the body a JSON parser has left',
    { bodyParser: true },
    async ({ base, provider }) => {
      const messages = [{ role: 'user', content: 'é'.repeat(1000) }]
      const answer = await chat({
        url: `${base}/v1/chat/completions`,
        body: { model: 'fake/model', messages },
      })
      assert.equal(answer.status, 200)
      assert.deepEqual((provider.journal.last().body as { messages: unknown }).messages, messages)
    },
  ),
  on('streams after a JSON parser', { bodyParser: true }, deliversEventByEvent),
  on('answers an unknown path below its mount with 404', {}, async ({ base }) => {
    const answer = await chat({ url: `${base}/v1/nothing` })
    assert.equal(answer.status, 404)
    assert.equal(errorOf(answer.text).code, 'unknown_path')
  }),
  on(
    'K12: hands unknown paths to the host when mounted at the root',
    { mountPath: '' },
    async ({ base }) => {
      const answer = await chat({ url: `${base}/host`, method: 'GET' })
      assert.equal(answer.text, 'host')
      assert.equal((await chat({ url: `${base}/v1/chat/completions` })).status, 200)
    },
  ),
  on(
    'matches paths as they were written: another spelling of a path is 404',
    { gateway: { adminToken: ADMIN_TOKEN } },
    async ({ application, provider, resolvesPaths }) => {
      const spellings = resolvesPaths
        ? OTHER_SPELLINGS.filter(
            (path) => new URL(`${application.url}/llm${path}`).pathname === `/llm${path}`,
          )
        : OTHER_SPELLINGS
      for (const rawPath of spellings) {
        for (const method of ['GET', 'POST']) {
          const answer = await chat({
            url: application.url,
            rawPath: `/llm${rawPath}`,
            method,
            headers: {
              authorization: `Bearer ${rawPath.includes('dmin') ? ADMIN_TOKEN : CONFORMANCE_KEY}`,
            },
          })
          // Some servers refuse a target by themselves, before any framework sees it.
          assert.ok(
            answer.status === 404 || (answer.status === 400 && answer.text === ''),
            `${method} /llm${rawPath} was answered with ${answer.status}: ${answer.text}`,
          )
        }
      }
      assert.equal(provider.journal.length, 0)
      for (const [rawPath, key] of [
        ['/admin/keys', ADMIN_TOKEN],
        ['/v1/models', CONFORMANCE_KEY],
      ] as const) {
        assert.equal(
          (
            await chat({
              url: application.url,
              rawPath: `/llm${rawPath}`,
              method: 'GET',
              headers: { authorization: `Bearer ${key}` },
            })
          ).status,
          200,
        )
      }
    },
  ),
  on(
    'answers below a prefix of its own, and leaves other paths to the host',
    { mountPath: '', gateway: { prefix: '/own' } },
    (stage) => answersBelow(stage, '/own'),
  ),
  on(
    'answers below a prefix of its own under a mount path',
    { mountPath: '/a', gateway: { prefix: '/own' } },
    (stage) => answersBelow(stage, '/a/own'),
  ),
  on('leaves other paths of the host alone', {}, async ({ application }) => {
    assert.equal((await chat({ url: `${application.url}/host`, method: 'GET' })).text, 'host')
  }),
  on('answers a wrong method with 405 and allow', {}, async ({ base }) => {
    const answer = await chat({ url: `${base}/v1/chat/completions`, method: 'GET' })
    assert.equal(answer.status, 405)
    assert.equal(answer.headers.allow, 'POST')
  }),
  on('refuses a WebSocket upgrade with 426', {}, async ({ base }) => {
    const answer = await chat({
      url: `${base}/v1/responses`,
      method: 'GET',
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    })
    assert.equal(answer.status, 426)
    assert.equal(errorOf(answer.text).code, 'upgrade_required')
  }),
  on('refuses a wrong key before it reads the body', {}, async ({ base, provider }) => {
    const answer = await chat({
      url: `${base}/v1/chat/completions`,
      headers: { authorization: 'Bearer wrong' },
    })
    assert.equal(answer.status, 401)
    assert.equal(errorOf(answer.text).code, 'invalid_api_key')
    assert.equal(provider.journal.length, 0)
  }),
  on(
    'K2: answers its own body limit with a readable 413',
    { gateway: { bodyLimit: 2000 } },
    async ({ base }) => {
      const body = {
        model: 'fake/model',
        messages: [{ role: 'user', content: 'x'.repeat(100_000) }],
      }
      const answer = await chat({ url: `${base}/v1/chat/completions`, body })
      assert.equal(answer.status, 413)
      assert.match(errorOf(answer.text).message, /2000 bytes/)
    },
  ),
  on('names the position of invalid JSON', {}, async ({ base }) => {
    const answer = await chat({ url: `${base}/v1/chat/completions`, body: '{"model": nonsense}' })
    assert.equal(answer.status, 400)
    assert.match(errorOf(answer.text).message, /position 1[01] /)
  }),
  on(
    'keeps headers that earlier middleware has set, JSON',
    { hostHeader: true },
    async ({ base }) => {
      assert.equal((await chat({ url: `${base}/v1/chat/completions` })).headers['x-host'], 'yes')
    },
  ),
  on(
    'keeps headers that earlier middleware has set, stream',
    { hostHeader: true },
    async ({ base }) => {
      const answer = await chat({ url: `${base}/v1/chat/completions`, body: streamed() })
      assert.equal(answer.headers['x-host'], 'yes')
      assert.match(answer.text, /data: \[DONE\]\n\n$/)
    },
  ),
  on(
    'keeps the connection open after a stream',
    { hostHeader: true, compression: true },
    async ({ base }) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      try {
        for (const isReused of [false, true]) {
          const { request, response } = openChat({
            url: `${base}/v1/chat/completions`,
            body: streamed(),
            agent,
          })
          await readUntil(await response, '[DONE]')
          ;(await response).resume()
          await once(request, 'close')
          assert.equal(request.reusedSocket, isReused)
        }
      } finally {
        agent.destroy()
      }
    },
  ),
  on('serves health without a key', {}, async ({ base }) => {
    for (const probe of ['live', 'ready']) {
      assert.equal(
        (
          await chat({
            url: `${base}/health/${probe}`,
            method: 'GET',
            headers: { authorization: '' },
          })
        ).status,
        200,
      )
    }
  }),
  on(
    'runs two gateways in one application',
    { second: { keys: { other: 'pk_second_0123456789abc' } } },
    async ({ application, provider }) => {
      const url = `${application.url}/second/v1/chat/completions`
      assert.equal((await chat({ url })).status, 401)
      assert.equal(
        (await chat({ url, headers: { authorization: 'Bearer pk_second_0123456789abc' } })).status,
        200,
      )
      assert.equal(provider.journal.length, 1)
    },
  ),
  on(
    'B1: ends a broken stream with an error event and no [DONE]',
    {},
    async ({ base, provider }) => {
      provider.enqueue({
        answer: { text: ['one', 'two', 'three'] },
        cutAfterEvents: 3,
        cutBy: 'rst',
      })
      const { status, text } = await chat({ url: `${base}/v1/chat/completions`, body: streamed() })
      assert.equal(status, 200)
      assert.match(text, /"code":"upstream_truncated"/)
      assert.doesNotMatch(text, /\[DONE\]/)
    },
  ),
  ...(['before headers', 'mid-stream', 'without streaming', 'during backoff'] as const).map(
    (moment) =>
      on(
        `B3, K4, K6, K9: a client that leaves ${moment} ends the provider's call within ${CANCEL_WITHIN_MS} ms`,
        {},
        (stage) => cancelsInTime(stage, moment),
      ),
  ),
]

/**
 * A case on a stage of its own; nothing may reach the host's error handler, whatever the case does.
 */
function on(name: string, setup: Partial<AdapterSetup>, part: Part): ConformanceCase {
  return {
    name,
    async run(harness: AdapterHarness) {
      const provider = await startFakeProvider({
        dialect: 'openai-chat',
        apiKey: 'sk-fake-provider',
      })
      const fake = { fake: { baseUrl: provider.url, apiKey: 'sk-fake-provider' } }
      const waiting: ((record: RequestRecord) => void)[] = []
      const onRecord = (record: RequestRecord): void => {
        for (const tell of waiting.splice(0)) tell(record)
      }
      const options = {
        providers: fake,
        keys: { conformance: CONFORMANCE_KEY },
        log: 'silent' as const,
        onRecord,
      }
      const mountPath = setup.mountPath ?? '/llm'
      const application = await harness.start({
        ...setup,
        mountPath,
        gateway: { ...options, ...setup.gateway },
        ...(setup.second === undefined ? {} : { second: { ...options, ...setup.second } }),
      })
      try {
        await part({
          provider,
          application,
          resolvesPaths: harness.resolvesPaths ?? false,
          base: application.url + mountPath,
          nextRecord: () => new Promise((resolve) => waiting.push(resolve)),
        })
        assert.deepEqual(application.hostErrors, [])
      } finally {
        await application.close()
        await provider.close()
      }
    },
  }
}

async function answersBelow({ application, provider }: Stage, path: string): Promise<void> {
  assert.equal((await chat({ url: `${application.url}${path}/v1/chat/completions` })).status, 200)
  assert.equal((await chat({ url: `${application.url}${path}/v1/nothing` })).status, 404)
  assert.equal((await chat({ url: `${application.url}/host`, method: 'GET' })).text, 'host')
  for (const outside of [path.replace('/own', ''), `${path}x`, `${path}%2f`]) {
    assert.equal(
      (await chat({ url: `${application.url}${outside}/v1/chat/completions` })).status,
      404,
    )
  }
  assert.equal(provider.journal.length, 1)
}

async function deliversEventByEvent({ base, provider }: Stage): Promise<void> {
  const gate = createGate()
  provider.reply({ answer: { text: ['first', 'second'] }, gate })
  const { response } = openChat({
    url: `${base}/v1/chat/completions`,
    body: streamed(),
    headers: { 'accept-encoding': 'gzip' },
  })
  await gate.reached()
  gate.release()
  const answer = await response
  assert.match(String(answer.headers['content-type']), /^text\/event-stream/)
  assert.equal(answer.headers['content-encoding'], undefined)
  assert.equal(answer.headers['x-accel-buffering'], 'no')
  assert.match(String(answer.headers['cache-control']), /no-transform/)
  await readUntil(answer, 'first')
  gate.release()
  await readUntil(answer, 'second')
  gate.releaseAll()
  await readUntil(answer, '[DONE]')
}

type Moment = 'before headers' | 'mid-stream' | 'without streaming' | 'during backoff'

/** The best of three: what is measured is the gateway, not the machine's load. */
async function cancelsInTime(stage: Stage, moment: Moment): Promise<void> {
  const times: number[] = []
  while (times.length < 3 && !times.some((ms) => ms <= CANCEL_WITHIN_MS))
    times.push(await timeToCancel(stage, moment))
  // few: as many as were measured here
  const best = Math.min(...times)
  assert.ok(
    best <= CANCEL_WITHIN_MS,
    `the provider's call ended ${best.toFixed(0)} ms after the client had left`,
  )
}

async function timeToCancel(
  { base, provider, nextRecord }: Stage,
  moment: Moment,
): Promise<number> {
  provider.journal.clear()
  const record = nextRecord()
  if (moment === 'during backoff') provider.reply({ status: 503, retryAfter: { seconds: 20 } })
  else
    provider.reply(
      moment === 'mid-stream'
        ? { answer: { text: ['one', 'two'] }, hangAfterEvents: 2 }
        : { hangBeforeHeaders: true },
    )
  const body = moment === 'without streaming' ? undefined : streamed()
  const { request, response } = openChat({
    url: `${base}/v1/chat/completions`,
    ...(body === undefined ? {} : { body }),
  })
  const entry = await provider.journal.waitForRequest()
  if (moment === 'mid-stream') await readUntil(await response, 'one')
  if (moment === 'during backoff') await entry.closed
  const leftAt = performance.timeOrigin + performance.now()
  request.destroy()
  if (moment === 'during backoff') {
    assert.equal((await record).code, 'client_closed')
    return performance.timeOrigin + performance.now() - leftAt
  }
  const closing = await entry.closed
  assert.ok(closing.aborted, 'the provider was not left by the gateway')
  return closing.atMs - leftAt
}

function textOf(body: string): unknown {
  return (JSON.parse(body) as { choices: { message: { content: unknown } }[] }).choices[0]?.message
    .content
}

function errorOf(body: string): { code: string; message: string } {
  const { error } = JSON.parse(body) as {
    error: { code: string; message: string; type: string; param: unknown }
  }
  assert.deepEqual(Object.keys(error).slice(0, 4).sort(), ['code', 'message', 'param', 'type'])
  return error
}
