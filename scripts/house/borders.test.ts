import { describe, expect, it } from 'vitest'
import { checkBorders } from './borders.ts'
import { sample } from './sample.ts'

const CORE = 'packages/core/src/'
const whats = (path: string, text: string): string[] =>
  checkBorders(sample(text, CORE + path)).map(({ what }) => what)
const rooms = (prefix: string, names: readonly string[], keyword = 'import'): string =>
  names.map((name) => `${keyword} { a } from '${prefix}${name}/index.ts'`).join('\n')

describe('rooms', () => {
  it('are entered through their index, for types too', () => {
    expect(whats('routing/plan.ts', "import type { A } from '../providers/catalogue.ts'")).toEqual([
      '`../providers/catalogue.ts` is inside the room providers',
    ])
    expect(whats('index.ts', "export { a } from './http/body.ts'")).toEqual([
      '`./http/body.ts` is inside the room http',
    ])
    expect(whats('routing/plan.ts', "const a = await import('../http/body.ts')")).toEqual([
      '`../http/body.ts` is inside the room http',
    ])
    expect(
      whats(
        'routing/plan.ts',
        "import type { A } from '../providers/index.ts'\nimport { b } from './b.ts'",
      ),
    ).toEqual([])
  })

  it('use the shared files beside them, not what puts them together', () => {
    expect(whats('http/body.ts', "import { GatewayError } from '../errors.ts'")).toEqual([])
    expect(
      whats('dialects/gemini/stream.ts', "import { GatewayError } from '../../errors.ts'"),
    ).toEqual([])
    expect(whats('http/body.ts', "import { handle } from '../pipeline/handle.ts'")).toEqual([
      'the room http imports the room pipeline',
    ])
  })

  it('below all others are imported by file, and import no other', () => {
    expect(whats('http/body.ts', "import { parse } from '../json/parse.ts'")).toEqual([])
    expect(whats('json/parse.ts', "import { b } from '../http/index.ts'")).toEqual([
      'the room json imports the room http',
    ])
  })

  it('run code of two others at most, whatever types they name', () => {
    expect(whats('config/schema.ts', rooms('../', ['http', 'identity']))).toEqual([])
    expect(whats('config/schema.ts', rooms('../', ['http', 'identity', 'ledger']))).toEqual([
      'it runs code of more than 2 other rooms (http, identity, ledger)',
    ])
    expect(
      whats(
        'config/schema.ts',
        rooms('../', ['http', 'identity', 'ledger', 'routing'], 'import type'),
      ),
    ).toEqual([])
  })

  it.each([
    ['pipeline/handle.ts', '../'],
    ['gateway/create-gateway.ts', '../'],
    ['index.ts', './'],
  ])('are put together by %s', (path, prefix) => {
    expect(whats(path, rooms(prefix, ['http', 'identity', 'ledger', 'routing']))).toEqual([])
  })

  it('may be named like those files without their freedom', () => {
    expect(whats('config/gateway.ts', rooms('../', ['http', 'identity', 'ledger']))).toHaveLength(1)
    expect(whats('routing/pipeline.ts', rooms('../', ['http', 'identity', 'ledger']))).toHaveLength(
      1,
    )
  })
})

describe('dialects', () => {
  it('know the base folders of their room, not each other', () => {
    expect(
      whats('dialects/gemini/relay/a.ts', "import { A } from '../../model/events.ts'"),
    ).toEqual([])
    expect(
      whats(
        'dialects/gemini/stream.ts',
        "import { A } from '../events.ts'\nimport { b } from './b.ts'",
      ),
    ).toEqual([])
    expect(
      whats('dialects/gemini/stream.ts', "import { A } from '../openai-chat/fields.ts'"),
    ).toEqual(['`../openai-chat/fields.ts` is inside another dialect'])
  })

  it('know what is neutral between them by its index', () => {
    expect(whats('dialects/gemini/a.ts', "import { A } from '../forward/index.ts'")).toEqual([])
    expect(whats('dialects/gemini/a.ts', "import { A } from '../forward/answer.ts'")).toHaveLength(
      1,
    )
  })

  it('are known to the root by their index', () => {
    expect(whats('dialects/index.ts', "import { gemini } from './gemini/index.ts'")).toEqual([])
    expect(whats('dialects/index.ts', "import { a } from './gemini/stream.ts'")).toHaveLength(1)
  })
})

describe('undici', () => {
  it('is imported by the transport only, in every package', () => {
    expect(whats('dispatch/transport.ts', "import { Agent } from 'undici'")).toEqual([])
    expect(whats('dispatch/attempt.ts', "import type { Agent } from 'undici'")).toEqual([
      '`undici` outside `dispatch/transport.ts`',
    ])
    expect(
      checkBorders(sample("import { Agent } from 'undici'", 'packages/koa/src/index.ts')),
    ).toHaveLength(1)
  })
})

describe('the environment', () => {
  it.each([
    'process.env.A',
    "globalThis.process['env']",
    'const { env } = process',
    "import { env } from 'node:process'",
    'process?.env',
  ])('fails: %s', (text) => {
    expect(whats('limits/lanes.ts', text)).toEqual([
      'the environment of the process outside `config/sources/env.ts`',
    ])
  })

  it.each(['own.env', 'process.memoryUsage()', 'const { env } = options', "'process.env.A'"])(
    'passes: %s',
    (text) => {
      expect(whats('limits/lanes.ts', text)).toEqual([])
    },
  )

  it('is read in config/sources/env.ts', () => {
    expect(whats('config/sources/env.ts', 'process.env')).toEqual([])
  })
})

it('exempts tests', () => {
  expect(
    whats(
      'http/body.test.ts',
      "import { a } from '../config/env.ts'\nimport { Agent } from 'undici'\nprocess.env.A",
    ),
  ).toEqual([])
})
