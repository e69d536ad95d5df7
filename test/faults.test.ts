import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { refusedUrl } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import {
  CANARY_KEY,
  type Framework,
  type MountedChain,
  startMountedChain,
} from './harness/chain.ts'
import { seeError, seeStream } from './harness/client-stream.ts'
import { startBlackHole } from './harness/black-hole.ts'
import { elsewhere, type Fault, faults, WHOLE_ANSWER } from './harness/fault-table.ts'
import { startRawUpstream } from './harness/raw-upstream.ts'
import { CANARY_SUBJECT, startTlsUpstream } from './harness/tls-upstream.ts'
import { failOnUncaught } from './harness/uncaught.ts'

let chain: MountedChain | undefined
let upstream: { close(): Promise<void> } | undefined

failOnUncaught()
afterEach(async () => {
  await chain?.close()
  await upstream?.close()
  chain = undefined
  upstream = undefined
})

async function start(framework: Framework, fault: Fault): Promise<MountedChain> {
  const { gateway, route } = fault
  const address = await addressOf(fault)
  chain = await startMountedChain(framework, {
    dialects: ['openai-chat'],
    mountPath: '/llm',
    ...(address !== undefined && { addresses: { first: address } }),
    ...(gateway && { gateway }),
    ...(route && { route }),
  })
  if (fault.first !== undefined) chain.provider('first').enqueue(...fault.first)
  if (fault.reply !== undefined) chain.provider('first').reply(fault.reply)
  return chain
}

/** Of what stands in place of a fake provider. */
async function addressOf({
  raw,
  isRefused,
  isBlackHole,
  certificate,
}: Fault): Promise<string | undefined> {
  if (isRefused === true) return refusedUrl()
  if (raw !== undefined) {
    const server = await startRawUpstream((socket) => raw.answer(socket), raw)
    upstream = server
    return `${raw.scheme ?? 'http'}://${server.url}`
  }
  if (isBlackHole !== true && certificate === undefined) return undefined
  const server =
    certificate === undefined
      ? await startBlackHole()
      : await startTlsUpstream(certificate, WHOLE_ANSWER)
  upstream = server
  return server.url
}

/** In one line, what the client got. Whatever it is, it is whole or says that it is not. */
async function see(response: Response, isStream: boolean): Promise<string> {
  if (response.status !== 200) {
    const { code, message } = await seeError(response)
    expect(message).not.toBe('')
    // The address of the provider is not revealed.
    expect(message).not.toMatch(/127\.0\.0\.1|https?:/)
    expect(message).not.toContain(CANARY_SUBJECT)
    return `${response.status} ${code}`
  }
  const text = await response.text()
  if (!isStream) {
    expect((JSON.parse(text) as { choices: unknown[] }).choices).toHaveLength(1)
    return '200 whole'
  }
  const { error, done, finishes } = seeStream(text)
  expect(done).toBe(error === undefined)
  if (error === undefined) expect(finishes).toHaveLength(1)
  return error === undefined ? '200 whole' : `200, then ${error.code}`
}

const modes = ['json', 'stream'] as const
const cases = faults.flatMap((fault) =>
  modes.flatMap((mode) =>
    fault[mode] === undefined
      ? []
      : [[`${fault.id} ${fault.name}`, mode, fault[mode], fault] as const],
  ),
)

describe.each<Framework>(['Express', 'Koa', 'Hono'])('a provider behind %s', (framework) => {
  it.each(cases)('%s (%s): %s', async (_, mode, expected, fault) => {
    const { ask, records, hostErrors, calls } = await start(framework, fault)
    const response = await ask({ stream: mode === 'stream' })
    const headers = JSON.stringify([...response.headers])
    expect(await see(response, mode === 'stream')).toBe(expected)
    // One record for every request, which says what the client saw.
    await expect.poll(() => records.length).toBe(1)
    const [record] = records
    const code = expected === '200 whole' ? 'ok' : (fault.code ?? expected.replace(/^.* /, ''))
    expect(record?.code).toBe(code)
    expect(record?.attempts.length).toBeLessThanOrEqual(3)
    for (const { billed, code: attempted } of record?.attempts ?? [])
      expect(billed).toBe(attempted === 'ok' ? 'yes' : billed)
    expect(
      record?.usage === undefined ||
        (record.usage.input >= 0 && Number.isFinite(record.usage.output)),
    ).toBe(true)
    if (fault.calls !== undefined) expect(calls()).toEqual([fault.calls])
    expect(hostErrors).toEqual([])
    expect(headers + JSON.stringify(record)).not.toContain(CANARY_KEY)
  })
})

describe('docs/reliability.md', () => {
  const path = fileURLToPath(new URL('../docs/reliability.md', import.meta.url))
  const [from, to] = [
    '<!-- faults: written by test/faults.test.ts with WRITE_DOCS=1 -->\n',
    '<!-- end of faults -->\n',
  ]

  it('lists every fault with what was observed', () => {
    const page = readFileSync(path, 'utf8')
    const before = page.slice(0, page.indexOf(from) + from.length)
    const after = page.slice(page.indexOf(to))
    const written = before + table() + after
    if (process.env['WRITE_DOCS'] === '1') writeFileSync(path, written)
    expect(readFileSync(path, 'utf8')).toBe(written)
  })

  it.each(elsewhere)('$id is tested where it says', ({ test, words }) => {
    const file = fileURLToPath(new URL(`../${test}`, import.meta.url))
    expect(existsSync(file)).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain(words)
  })
})

function table(): string {
  const rows = faults.map(({ name, json = '', stream = '' }) => `| ${name} | ${json} | ${stream} |`)
  const others = elsewhere.map(({ name, seen, test }) => `| ${name} | ${seen} | \`${test}\` |`)
  return `${['| the provider | JSON | stream |', '|---|---|---|', ...rows].join('\n')}\n\n${['| the fault | effect | shown by |', '|---|---|---|', ...others].join('\n')}\n`
}
