import { request as httpRequest } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { DialectName } from './dialects/dialect.ts'
import { createGate } from './gate.ts'
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from './server.ts'

let provider: FakeProvider | undefined

afterEach(() => provider?.close())

async function start(options: Partial<FakeProviderOptions> = {}): Promise<FakeProvider> {
  provider = await startFakeProvider({ dialect: 'openai-chat', ...options })
  return provider
}

const hello = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] }

function ask(body: unknown = hello, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${provider?.url}/chat/completions`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  })
}

async function textOf(response: Response): Promise<string> {
  const body = (await response.json()) as { choices: { message: { content: string } }[] }
  return body.choices[0]?.message.content ?? ''
}

describe('scripts', () => {
  it('answers with the stock script, then with the default given, the queue first', async () => {
    const fake = await start()
    expect(await textOf(await ask())).toBe('You said: Hello')
    fake.reply({ answer: { text: 'default' } })
    fake.enqueue({ status: 503 }, ({ view, entry }) => ({
      answer: { text: `${view.lastUserText} #${entry.index}` },
    }))
    expect(fake.queued).toBe(2)
    expect((await ask()).status).toBe(503)
    expect(await textOf(await ask())).toBe('Hello #2')
    expect(await textOf(await ask())).toBe('default')
    expect(fake.queued).toBe(0)
  })

  it('sends nothing before an asynchronous script has decided', async () => {
    const fake = await start()
    let decide: (() => void) | undefined
    const decided = new Promise<void>((resolve) => (decide = resolve))
    fake.enqueue(async () => {
      await decided
      return { answer: { text: 'late' } }
    })
    let hasHeaders = false
    const answer = ask().then((response) => {
      hasHeaders = true
      return textOf(response)
    })
    await fake.journal.waitForRequest()
    expect(hasHeaders).toBe(false)
    decide?.()
    expect(await answer).toBe('late')
  })

  it('refuses a script that cannot work where it is given, and answers 500 for one that throws', async () => {
    const fake = await start()
    expect(() => fake.enqueue({ cutBy: 'rst' })).toThrow(TypeError)
    expect(() => fake.reply({ hangAfterBytes: 1, cutAfterBytes: 1 })).toThrow(TypeError)
    fake.enqueue(() => {
      throw new Error('my mistake')
    })
    const response = await ask()
    expect(response.status).toBe(500)
    expect(await response.text()).toContain('my mistake')
    expect(fake.journal.last().refusal).toContain('my mistake')
  })

  it('does not spend a script on a request it refuses', async () => {
    const fake = await start()
    fake.enqueue({ answer: { text: 'kept' } })
    expect((await ask({ model: 'm' })).status).toBe(400)
    expect(fake.journal.last().refusal).toContain('messages')
    expect(await textOf(await ask())).toBe('kept')
  })
})

describe('journal', () => {
  it('keeps what was asked', async () => {
    const fake = await start()
    await ask(hello, { 'X-Trace': 'abc' })
    const entry = fake.journal.last()
    expect(entry).toMatchObject({
      index: 0,
      method: 'POST',
      path: '/v1/chat/completions',
      search: '',
      body: hello,
      bodyText: JSON.stringify(hello),
      status: 200,
      refusal: undefined,
    })
    expect(entry.headers['x-trace']).toBe('abc')
    expect((await fake.journal.waitForClose()).aborted).toBe(false)
    expect(entry.closedAtMs).toBeGreaterThanOrEqual(entry.at)
  })

  it.each(['before the headers', 'in the middle of the answer'])(
    'sees within 100 ms that the client has left %s',
    async (when) => {
      const fake = await start()
      const gate = createGate()
      fake.enqueue(
        when === 'before the headers'
          ? { hangBeforeHeaders: true }
          : { answer: { text: ['one', 'two'] }, gate },
      )
      gate.release()
      const controller = new AbortController()
      const answer = fetch(`${fake.url}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ ...hello, stream: true }),
        signal: controller.signal,
      })
      if (when === 'before the headers') {
        void answer.catch(() => undefined)
        await fake.journal.waitForRequest()
      } else {
        await (await answer).body?.getReader().read()
        await gate.reached()
      }
      const leftAt = performance.timeOrigin + performance.now()
      controller.abort()
      const entry = await fake.journal.waitForClose()
      expect(entry.aborted).toBe(true)
      expect((entry.closedAtMs ?? Number.NaN) - leftAt).toBeLessThan(100)
    },
  )

  it('does not take an answer it cut itself for a client that left', async () => {
    const fake = await start()
    fake.enqueue({ cutBeforeHeaders: 'rst' }, { cutAfterBytes: 3, cutBy: 'fin' })
    await expect(ask()).rejects.toThrow()
    await expect(ask().then((response) => response.text())).rejects.toThrow()
    expect((await fake.journal.waitForClose(0)).aborted).toBe(false)
    expect((await fake.journal.waitForClose(1)).aborted).toBe(false)
  })
})

describe('routes and keys', () => {
  const cases: readonly {
    dialect: DialectName
    path: string
    key: Record<string, string>
    wrong: Record<string, string>
    body: object
    wrongStatus: number
    missingStatus: number
  }[] = [
    {
      dialect: 'openai-chat',
      path: '/chat/completions',
      key: { authorization: 'Bearer k-1' },
      wrong: { authorization: 'Bearer sk-proj-abcdefghijkl' },
      body: hello,
      wrongStatus: 401,
      missingStatus: 401,
    },
    {
      dialect: 'anthropic-messages',
      path: '/v1/messages',
      key: { 'x-api-key': 'k-1', 'anthropic-version': '2023-06-01' },
      wrong: { authorization: 'Bearer k-2' },
      body: { ...hello, max_tokens: 5 },
      wrongStatus: 401,
      missingStatus: 401,
    },
    {
      dialect: 'gemini',
      path: '/v1beta/models/m:generateContent',
      key: { 'x-goog-api-key': 'k-1' },
      wrong: { 'x-goog-api-key': 'k-2' },
      body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
      wrongStatus: 400,
      missingStatus: 403,
    },
  ]

  it.each(cases)(
    '$dialect: checks its key, its models, its paths, and JSON',
    async ({ dialect, path, key, wrong, body, wrongStatus, missingStatus }) => {
      const fake = await start({ dialect, apiKey: 'k-1' })
      const post = (headers: Record<string, string>, text = JSON.stringify(body)) =>
        fetch(`${fake.url}${path}`, { method: 'POST', body: text, headers })
      expect((await post(key)).status).toBe(200)
      const refused = await post(wrong)
      expect(refused.status).toBe(wrongStatus)
      expect(await refused.text()).not.toContain('abcdefghijkl')
      expect((await post({})).status).toBe(missingStatus)
      expect((await post(key, '{"model":')).status).toBe(400)
      fake.knownModels = ['other']
      const unknown = await post(key)
      expect(unknown.status).toBe(404)
      expect(await unknown.json()).toHaveProperty('error.message')
      expect((await fetch(`${fake.url}/nowhere`, { headers: key })).status).toBe(404)
      fake.models = ['a', 'b']
      const modelsPath =
        dialect === 'openai-chat'
          ? '/models'
          : dialect === 'gemini'
            ? '/v1beta/models'
            : '/v1/models'
      expect(await (await fetch(`${fake.url}${modelsPath}`, { headers: key })).text()).toMatch(
        /a".*b"/,
      )
    },
  )

  it('says the key in the words of Gemini', async () => {
    const fake = await start({ dialect: 'gemini', apiKey: 'right' })
    const response = await fetch(`${fake.url}/v1/models?key=wrong`)
    expect(await response.json()).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] },
    })
    expect((await fetch(`${fake.url}/v1/models?key=right`)).status).toBe(200)
  })

  it('streams one JSON array where Gemini is not asked for events', async () => {
    const fake = await start({ dialect: 'gemini' })
    const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] })
    const response = await fetch(`${fake.url}/v1/models/m:streamGenerateContent`, {
      method: 'POST',
      body,
    })
    expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8')
    expect(await response.json()).toMatchObject([
      {},
      {},
      {},
      { candidates: [{ finishReason: 'STOP' }] },
    ])
  })

  it('refuses a body over 64 MiB after reading it, and an address that is none', async () => {
    await start()
    expect((await ask('x'.repeat(64 * 1024 * 1024 + 1))).status).toBe(413)
    const { port } = new URL(provider?.url ?? '')
    const status = await new Promise((resolve) =>
      httpRequest({ port, path: '//' }, (response) => resolve(response.statusCode)).end(),
    )
    expect(status).toBe(404)
  })

  it('takes any body with validate: false', async () => {
    await start({ validate: false })
    expect((await ask({ model: 'm', whatever: 1 })).status).toBe(200)
  })

  it('refuses a dialect it does not know', async () => {
    await expect(startFakeProvider({ dialect: 'fax' as DialectName })).rejects.toThrow(
      'Unknown dialect fax',
    )
  })
})

describe('close', () => {
  it('ends hanging answers and waits, and can be called twice', async () => {
    const fake = await start()
    fake.enqueue({ hangBeforeHeaders: true }, { hangAfterBytes: 2 })
    const first = ask().catch((error: unknown) => error)
    await fake.journal.waitForRequest(0)
    const second = (await ask()).text().catch((error: unknown) => error)
    const never = fake.journal.waitForRequest(7).catch((error: unknown) => error)
    await fake.close()
    await fake.close()
    for (const ended of [first, second, never]) expect(await ended).toBeInstanceOf(Error)
    expect((await fake.journal.waitForClose(1)).aborted).toBe(false)
  })

  it('survives a client that leaves while it sends its request', async () => {
    const fake = await start()
    const { port } = new URL(fake.url)
    const sending = httpRequest({
      port,
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { 'content-length': 1000 },
    })
    const ended = new Promise((resolve) => sending.on('close', resolve))
    sending.on('error', () => undefined)
    sending.write('{"model"', () => sending.destroy())
    await ended
    expect(await textOf(await ask())).toBe('You said: Hello')
    expect(fake.journal.length).toBe(1)
  })
})
