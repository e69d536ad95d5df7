import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startFakeProvider, type FakeProvider } from '@postern/testing'
import { main } from 'postern'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

const TOKEN = 'admin-cli-0123456789abcdef'
const run = promisify(execFile)

let provider: FakeProvider
let stop: (() => Promise<void>) | undefined
let url = ''

beforeAll(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterEach(async () => {
  await stop?.()
  stop = undefined
})
afterAll(() => provider.close())

const environment = (): Record<string, string> => ({
  POSTERN_ADMIN_TOKEN: TOKEN,
  POSTERN_PROVIDER_DEMO_BASE_URL: provider.url,
  POSTERN_PROVIDER_DEMO_API_KEY: 'test',
  POSTERN_URL: url,
  POSTERN_LOG: 'silent',
})

const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
)

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function postern(args: readonly string[], given: Record<string, string> = {}): Promise<Ran> {
  let [out, err] = ['', '']
  const code = await main(args, {
    environment: { ...environment(), ...given },
    fetch,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    untilStopped: () => Promise.resolve(),
  })
  return { code, out, err }
}

/** `postern serve`, until the test has ended. */
async function serve(
  args: readonly string[] = [],
  given: Record<string, string> = {},
): Promise<void> {
  const { promise: stopped, resolve } = Promise.withResolvers<void>()
  const { promise: listening, resolve: listens } = Promise.withResolvers<string>()
  const ended = main(['serve', '--port', '0', ...args], {
    environment: { ...environment(), ...given },
    fetch,
    out: (text) => listens(text),
    err: () => undefined,
    untilStopped: () => stopped,
  })
  url = /http:\/\/\S+?(?=:\s|\s|$)/.exec(await listening)?.[0] ?? ''
  stop = async () => {
    resolve()
    expect(await ended).toBe(0)
  }
}

const chat = (key: string, model = 'demo/m'): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  })

describe('the command line', () => {
  it('makes a key that may report usage, and one that may not', async () => {
    await serve()
    const report = {
      reports: [
        { id: 'one', at: '2026-01-02T03:04:05.000Z', provider: 'demo', model: 'm', status: 200 },
      ],
    }
    const statusOf = async (...flags: string[]): Promise<number> => {
      const key = (
        await postern(['keys', 'create', `reporter${flags.length}`, ...flags])
      ).out.split('\n')[0]
      return (
        await fetch(`${url}/v1/usage-reports`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify(report),
        })
      ).status
    }
    expect([await statusOf('--may-report'), await statusOf()]).toEqual([200, 403])
  })

  it('makes a key that works, shows what it used, and revokes it', async () => {
    await serve()
    const made = await postern([
      'keys',
      'create',
      'support',
      '--team',
      'support',
      '--limit',
      'requests=2/hour',
      '--budget',
      '50/month',
    ])
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('shown this once') })
    const [key = ''] = made.out.split('\n')
    // A budget needs prices, and this model has none.
    expect((await chat(key)).status).toBe(400)
    expect(
      (
        await postern([
          'keys',
          'create',
          'web',
          '--limit',
          'requests=2/hour',
          '--model',
          'demo/m',
          '--expires',
          '90d',
          '--json',
        ])
      ).code,
    ).toBe(0)
    const { out } = await postern(['keys', 'rotate', 'web', '--grace', '0', '--json'])
    const { key: rotated } = JSON.parse(out) as { key: string }
    expect([(await chat(rotated)).status, (await chat(rotated, 'demo/other')).status]).toEqual([
      200, 403,
    ])
    expect((await postern(['keys', 'usage', 'web'])).out).toMatch(
      /LIMIT\s+USED\s+OF\s+SHARE\s+RESETS AT\n2 requests per hour of this key\s+1\s+2\s+50 %/,
    )
    const list = (await postern(['keys', 'list'])).out
    expect(list).toMatch(/NAME\s+STATUS\s+KEY\s+TEAM/)
    expect(list).not.toContain(rotated)
    expect((await postern(['usage'])).out).toMatch(
      /NAME\s+LIMIT[\s\S]*support\s+\$50 per month of this key[\s\S]*web\s+2 requests per hour/,
    )
    expect((await postern(['budgets', '--json'])).out).not.toContain('requests per hour')
    expect((await postern(['keys', 'revoke', 'web'])).code).toBe(0)
    expect((await chat(rotated)).status).toBe(401)
  })

  it('names an unnamed key after its owner', async () => {
    await serve()
    const names: string[] = []
    for (const team of ['support', 'support', 'Süd & Nord'])
      names.push(
        (
          JSON.parse(
            (await postern(['keys', 'create', '--team', team, '--budget', '50/month', '--json']))
              .out,
          ) as { name: string }
        ).name,
      )
    expect(names).toEqual(['support', 'support-2', 'S-d-Nord'])
  })

  it('makes limits, switches targets off, and shows and resets what is counted', async () => {
    await serve()
    const { out } = await postern(['keys', 'create', 'web', '--team', 'web', '--json'])
    const { key } = JSON.parse(out) as { key: string }
    const made = await postern([
      'limits',
      'create',
      '--limit',
      'requests=1/day',
      '--scope',
      'team',
      '--team',
      'web',
      '--time-zone',
      'Europe/Berlin',
      '--json',
    ])
    const { id } = JSON.parse(made.out) as { id: string }
    expect([(await chat(key)).status, (await chat(key)).status]).toEqual([200, 429])
    expect((await postern(['limits', 'list'])).out).toMatch(
      /LIMIT\s+ONLY\s+MODE\s+MADE IN\s+ID\n1 requests per day of this team\s+team=web\s+hard\s+admin\s+limit_/,
    )
    expect((await postern(['usage', '--team', 'web'])).out).toMatch(
      /1 requests per day of this team\s+1\s+1\s+100 %/,
    )
    expect((await postern(['reset', '--team', 'web'])).out).toMatch(
      /1 requests per day of this team\s+0\s+1\s+0 %/,
    )
    expect((await chat(key)).status).toBe(200)
    expect((await postern(['limits', 'remove', id])).code).toBe(0)
    expect((await postern(['targets', 'disable', 'demo/m'])).out).toContain('switched off')
    expect((await chat(key)).status).toBe(503)
    expect((await postern(['targets', 'disabled'])).out).toMatch(/TARGET\s+SINCE\ndemo\/m\s+20/)
    expect((await postern(['targets', 'enable', 'demo/m'])).code).toBe(0)
    expect((await chat(key)).status).toBe(200)
    expect((await postern(['keys', 'kill', 'web'])).out).toContain('Every key of web is revoked')
    expect((await chat(key)).status).toBe(401)
  })

  it('explains which options are in force, and hides what is secret', async () => {
    const explained = await postern(['config', 'explain'], { POSTERN_TIMEOUT: '90s' })
    expect(explained).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /OPTION\s+VALUE\s+SAID BY[\s\S]*providers\.demo\.apiKey\s+\(set\)\s+POSTERN_PROVIDER_DEMO_API_KEY[\s\S]*timeout\s+90s\s+POSTERN_TIMEOUT[\s\S]*idleTimeout\s+60s\s+default/,
      ),
    })
    expect(explained.out).not.toContain(TOKEN)
  })

  it.each<[string, string[], number, RegExp]>([
    ['a limit of nothing', ['limits', 'create', '--scope', 'team'], 2, /Say what to limit, once/],
    [
      'a scope there is none of',
      ['limits', 'create', '--budget', '5/day', '--scope', 'planet'],
      1,
      /scope/,
    ],
    ['no owner to reset', ['reset'], 2, /owner of the limits to reset/],
    ['a target that is none', ['targets', 'disable', 'gpt-5'], 1, /provider\/model/],
    ['no command', ['fly'], 2, /no command "fly"/],
    ['a group without a command', ['keys', 'fly'], 2, /keys takes create, list/],
    ['a command that every object has', ['keys', 'constructor'], 2, /keys takes create, list/],
    ['a group that every object has', ['toString', 'call'], 2, /no command "toString call"/],
    ['help for what every object has', ['help', 'constructor'], 2, /no command "constructor"/],
    ['no name', ['keys', 'create'], 2, /Usage: postern keys create NAME, or name its owner/],
    ['two names', ['keys', 'create', 'a', 'b'], 2, /Usage: postern keys create \[NAME\]/],
    ['an option that does not exist', ['keys', 'create', 'a', '--budgt', '5'], 2, /budgt/],
    [
      'a budget without a window',
      ['keys', 'create', 'a', '--budget', '50'],
      2,
      /--budget 50\/month/,
    ],
    [
      'a limit that is none',
      ['keys', 'create', 'a', '--limit', 'tokens'],
      2,
      /--limit tokens=90000\/minute/,
    ],
    [
      'a window that is none',
      ['keys', 'create', 'a', '--limit', 'tokens=5/fortnight'],
      2,
      /no window/,
    ],
    [
      'what the gateway refuses',
      ['keys', 'create', 'a', '--limit', 'bananas=5/day'],
      1,
      /limits\.0\.unit/,
    ],
    ['an unknown key', ['keys', 'revoke', 'nobody'], 1, /no key "nobody"/],
    ['a port that is none', ['serve', '--port', 'eighty'], 2, /eighty is no port/],
  ])('says what is wrong with %s', async (_what, args, code, message) => {
    await serve()
    const ran = await postern(args)
    expect([ran.code, ran.err]).toEqual([code, expect.stringMatching(message)])
  })

  it('says that a port is taken', async () => {
    await serve()
    expect(await postern(['serve', '--port', new URL(url).port])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Port \d+ of 127\.0\.0\.1 is taken: choose another with --port/),
    })
  })

  it('says that no gateway answers, and which token is missing', async () => {
    expect(await postern(['keys', 'list', '--url', 'http://127.0.0.1:9'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('No gateway answers at http://127.0.0.1:9'),
    })
    expect(await postern(['keys', 'list'], { POSTERN_ADMIN_TOKEN: '' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('POSTERN_ADMIN_TOKEN'),
    })
  })

  it('checks a configuration as a gateway would read it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-cli-'))
    const file = join(folder, 'postern.json')
    await writeFile(file, JSON.stringify({ routes: { support: ['demo/m'] }, retrys: 3 }))
    expect(await postern(['config', 'check', file])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/retrys[\s\S]*retries/),
    })
    await writeFile(file, JSON.stringify({ routes: { support: ['demo/m'] } }))
    expect(await postern(['config', 'check', file])).toMatchObject({
      code: 0,
      out: expect.stringContaining('routes: support'),
    })
    await rm(folder, { recursive: true })
  })

  it('is a program that can be run', async () => {
    const bin = fileURLToPath(new URL('../packages/cli/dist/bin.js', import.meta.url))
    const { stdout } = await run(process.execPath, [bin, 'help'], {
      env: { PATH: process.env['PATH'] },
    })
    expect(stdout).toContain('postern keys create [NAME]')
    await expect(
      run(process.execPath, [bin, 'fly'], { env: { PATH: process.env['PATH'] } }),
    ).rejects.toMatchObject({ code: 2 })
  })
})

describe('keys list', () => {
  const NAMED = 'pk_configured_0123456789'

  it('shows keys of the configuration with their limits, and nothing of the keys themselves', async () => {
    await serve([], {
      POSTERN_KEYS: JSON.stringify({
        fixed: {
          key: NAMED,
          team: 'support',
          limits: [
            { unit: 'requests', window: 'hour', limit: 3 },
            { unit: 'usd', window: 'month', limit: 20 },
          ],
        },
        plain: `${NAMED}2`,
      }),
    })
    await postern([
      'keys',
      'create',
      'made',
      '--limit',
      'tokens=90000/minute',
      '--limit',
      'concurrency=5',
      '--expires',
      '90d',
    ])
    const { out } = await postern(['keys', 'list'])
    expect(out).toMatch(/NAME\s+STATUS\s+KEY\s+TEAM\s+LIMITS\s+CREATED\s+EXPIRES\s+ID\n/)
    expect(out).toMatch(
      /fixed\s+active\s+\(configuration\)\s+support\s+3 requests per hour, \$20 per month\s+keys\.fixed\n/,
    )
    expect(out).toMatch(/plain\s+active\s+\(configuration\)\s+keys\.plain\n/)
    expect(out).toMatch(
      /made\s+active\s+pk_\S+\.\.\.\s+90000 tokens per minute, 5 requests at once\s+20\S+\s+20\S+\s+key_/,
    )
    const { out: json } = await postern(['keys', 'list', '--json'])
    expect(JSON.parse(json)).toMatchObject([
      {
        id: 'keys.fixed',
        isConfigured: true,
        grants: { team: 'support' },
        limits: ['3 requests per hour of this key', '$20 per month of this key'],
      },
      { id: 'keys.plain', limits: [] },
      { name: 'made', status: 'active' },
    ])
    for (const text of [out, json]) expect(text).not.toContain(NAMED)
  })

  it('counts and resets a key of the configuration, which only the configuration can change', async () => {
    await serve([], {
      POSTERN_KEYS: JSON.stringify({
        fixed: { key: NAMED, limits: [{ unit: 'requests', window: 'hour', limit: 1 }] },
      }),
    })
    expect([(await chat(NAMED)).status, (await chat(NAMED)).status]).toEqual([200, 429])
    for (const name of ['fixed', 'keys.fixed'])
      expect((await postern(['keys', 'usage', name])).out).toMatch(
        /1 requests per hour of this key\s+1\s+1\s+100 %/,
      )
    expect((await postern(['usage'])).out).toMatch(
      /fixed\s+1 requests per hour of this key\s+1\s+1/,
    )
    expect((await postern(['keys', 'reset', 'fixed'])).code).toBe(0)
    expect((await chat(NAMED)).status).toBe(200)
    for (const command of ['rotate', 'revoke', 'kill', 'remove'])
      expect(await postern(['keys', command, 'fixed'])).toMatchObject({
        code: 1,
        err: expect.stringMatching(/"fixed" is part of the configuration .*: change it there/),
      })
    expect((await postern(['keys', 'create', 'fixed'])).err).toMatch(/A key "fixed" exists already/)
  })

  it('shows a rotated key in its grace as that, with the end of it', async () => {
    await serve()
    const [old = ''] = (await postern(['keys', 'create', 'web'])).out.split('\n')
    await postern(['keys', 'rotate', 'web', '--grace', '2h'])
    const { out } = await postern(['keys', 'list'])
    expect(out).toMatch(
      /web\s+grace\s+pk_\S+\s+20\d\d-\d\d-\d\d\s+20\d\d-\d\d-\d\d \d\d:\d\d UTC\s+key_/,
    )
    const keys = JSON.parse((await postern(['keys', 'list', '--json'])).out) as {
      status: string
      createdAt: string
      expiresAt?: string
    }[]
    expect(keys.map(({ status }) => status).sort()).toEqual(['active', 'grace'])
    const end = Date.parse(keys.find(({ status }) => status === 'grace')?.expiresAt ?? '')
    expect(Math.abs(end - Date.now() - 7_200_000)).toBeLessThan(60_000)
    expect((await chat(old)).status).toBe(200)
    expect((await postern(['keys', 'revoke', 'web'])).code).toBe(0)
    // The key in its grace keeps the name.
    expect((await postern(['keys', 'revoke', 'web'])).code).toBe(0)
    expect((await chat(old)).status).toBe(401)
    expect((await postern(['keys', 'list'])).out).not.toContain('grace')
  })
})

describe('help and version', () => {
  it('has a version, which is that of its package', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../packages/cli/package.json', import.meta.url), 'utf8'),
    ) as { version: string }
    for (const flag of ['--version', '-v'])
      expect(await postern([flag])).toEqual({ code: 0, out: `${version}\n`, err: '' })
    const bin = fileURLToPath(new URL('../packages/cli/dist/bin.js', import.meta.url))
    expect((await run(process.execPath, [bin, '--version'])).stdout).toBe(`${version}\n`)
  })

  it('lists every command, and has help for each that says its options and an example of them', async () => {
    const { out: all } = await postern(['help'])
    const commands = [...all.matchAll(/^ {2}postern ((?:[a-z]+ )?[a-z]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('help'))
    // An unknown word behind a group lists its commands.
    const known = (
      await Promise.all(
        ['keys', 'limits', 'targets'].map(async (group) =>
          (/takes ([^.]*)\./.exec((await postern([group, 'fly'])).err)?.[1] ?? '')
            .split(', ')
            .map((name) => `${group} ${name}`),
        ),
      )
    ).flat()
    expect(commands.sort()).toEqual(
      [...known, 'usage', 'reset', 'budgets', 'config check', 'config explain', 'serve'].sort(),
    )
    for (const command of commands) {
      const words = command.split(' ')
      const help = await postern(['help', ...words])
      expect(help).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining(`postern ${command}`),
      })
      expect(await postern([...words, '--help'])).toEqual(help)
      expect(await postern([...words, 'web', '-h'])).toEqual(help)
      const example = /Example: postern (.*)/.exec(help.out)?.[1] ?? ''
      expect(example.startsWith(command)).toBe(true)
      for (const [, option = ''] of example.matchAll(/ (--[\w-]+)/g))
        expect(help.out).toMatch(new RegExp(`^  ${option}\\b`, 'm'))
    }
    for (const group of ['keys', 'limits', 'targets', 'config'])
      expect((await postern(['help', group])).out).toMatch(new RegExp(`postern ${group} \\w+`))
    expect(await postern(['help', 'fly'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('no command "fly"'),
    })
  })

  it('refuses an option that the command does not take', async () => {
    expect(await postern(['keys', 'list', '--budget', '5/day'])).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'postern keys list takes no --budget. See: postern help keys list',
      ),
    })
    expect(await postern(['serve', '--team', 'a'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('postern serve takes no --team'),
    })
  })
})

describe('docs/admin.md', () => {
  it('has examples that work as they stand', async () => {
    await serve()
    const page = await readFile(new URL('../docs/admin.md', import.meta.url), 'utf8')
    const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
      block.trim().split('\n'),
    )
    const commands = lines.filter((line) => line.startsWith('npx postern '))
    const curls = lines.filter((line) => line.startsWith('curl '))
    expect([commands.length, curls.length, lines.length]).toEqual([19, 4, 23])
    for (const command of commands) {
      const ran = await postern(command.split(' ').slice(2))
      expect([command, ran.code, ran.err]).toEqual([command, 0, ''])
    }
    const seen: string[] = []
    if (!hasCurl)
      return console.warn('There is no curl here: the curl lines of docs/admin.md were not run.')
    for (const curl of curls)
      seen.push(
        (
          await run('sh', ['-c', `${curl} -w ' %{http_code}'`], {
            env: { PATH: process.env['PATH'], POSTERN_URL: url, POSTERN_ADMIN_TOKEN: TOKEN },
          })
        ).stdout.slice(-3),
      )
    expect(seen).toEqual(['201', '200', '200', '201'])
  })
})
