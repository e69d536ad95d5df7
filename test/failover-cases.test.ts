import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it, type TestContext } from 'vitest'
import { type Chain, startChain } from './harness/chain.ts'
import { seeStream } from './harness/client-stream.ts'

const folder = fileURLToPath(new URL('../../shared/cases/', import.meta.url))

let chain: Chain | undefined
afterEach(async () => {
  await chain?.close()
  chain = undefined
})

/** A recorded fault: what the client asks, and what the provider sends before it hangs. */
async function replay(
  name: string,
  { skip }: TestContext,
  isOpen: boolean,
): Promise<Chain & { readonly body: string }> {
  const read = (file: string): string => readFileSync(`${folder}${name}/${file}`, 'utf8')
  if (!existsSync(folder) && process.env['REQUIRE_RECORDINGS'] !== '1')
    skip('The folder shared/cases does not lie beside the project.')
  const started = await startChain()
  chain = started
  started.provider('first').reply({
    raw: { headers: { 'content-type': 'text/event-stream' }, body: read('upstream.txt') },
    ...(isOpen && { hangAfterEvents: 1_000 }),
  })
  started.provider('second').reply({ answer: { text: ['Served by second'] } })
  const response = await started.ask({
    ...(JSON.parse(read('request.json')) as object),
    model: 'chain',
  })
  return { ...started, body: await response.text() }
}

it('end-said-connection-open: the client gets the end, and the connection is dropped', async (context) => {
  const { body, provider, records } = await replay('end-said-connection-open', context, true)
  expect(seeStream(body)).toMatchObject({
    text: 'hello',
    finishes: ['stop'],
    done: true,
    error: undefined,
  })
  expect(records).toMatchObject([{ code: 'ok' }])
  expect((await provider('first').journal.waitForClose()).aborted).toBe(true)
})

it('fails-after-role-chunk: the next target answers with one clean stream', async (context) => {
  const { body, calls } = await replay('fails-after-role-chunk', context, false)
  expect(seeStream(body)).toMatchObject({
    text: 'Served by second',
    roles: 1,
    done: true,
    error: undefined,
  })
  expect(calls()).toEqual([1, 1])
})
