import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { createGateway } from '@postern/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { typeErrors } from './harness/type-check.ts'

const root = new URL('../', import.meta.url)

interface Snippet {
  /** Page and line, as a file name. */
  readonly name: string
  readonly language: string
  readonly text: string
}

/** Every page that users read: in the root, in `docs/`, beside each package. */
async function pages(): Promise<string[]> {
  const below = async (folder: string): Promise<string[]> =>
    (await readdir(new URL(folder, root)))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}${name}`)
  const packages = await readdir(new URL('packages/', root))
  return (
    await Promise.all(
      ['./', 'docs/', 'docs/decisions/', ...packages.map((name) => `packages/${name}/`)].map(below),
    )
  ).flat()
}

function snippetsOf(page: string, text: string): Snippet[] {
  return [...text.matchAll(/^```(\w*)[^\n]*\n([^]*?)^```/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length
    return {
      name: `${page.replace('./', '').replace('.md', '').replaceAll('/', '-')}-${line}`,
      language: match[1] ?? '',
      text: match[2] ?? '',
    }
  })
}

let snippets: Snippet[] = []
beforeAll(async () => {
  snippets = (
    await Promise.all(
      (await pages()).map(async (page) =>
        snippetsOf(page, await readFile(new URL(page, root), 'utf8')),
      ),
    )
  ).flat()
})

/**
 * An application's own things that snippets speak of. Types of Postern and of SDKs are the real
 * ones.
 */
const HOST = `
declare global {
  namespace Express { interface Request { user?: { id: string; team: string; role: string; email: string } } }
  const log: { info(record: object): void }
  const audit: { write(act: object): void }
  const apiKey: string
  const virtualKey: string
  const AZURE_US_KEY: string
}
export {}
`

/** Packages of clouds that are not installed here, with the one function that is used of each. */
const CLOUDS = `
declare module '@azure/identity' {
  export class DefaultAzureCredential { readonly credential: true }
  export function getBearerTokenProvider(credential: DefaultAzureCredential, scopes: string | string[]): () => Promise<string>
}
declare module '@aws-sdk/credential-providers' {
  export function fromNodeProviderChain(): () => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date }>
}
`

/**
 * Where a name of a snippet comes from that does not import it. The first framework in it decides
 * which \`gateway\` and \`app\` it is.
 */
const ORIGINS: readonly [name: RegExp, line: string][] = [
  [/\bOpenAI\(/, "import OpenAI from 'openai'"],
  [/\bAzureOpenAI\(/, "import { AzureOpenAI } from 'openai'"],
  [/\bAnthropic\(/, "import Anthropic from '@anthropic-ai/sdk'"],
  [/\bGoogleGenAI\(/, "import { GoogleGenAI } from '@google/genai'"],
  [
    /\bcreateOpenAICompatible\(/,
    "import { createOpenAICompatible } from '@ai-sdk/openai-compatible'",
  ],
  [/\bcreateAnthropic\(/, "import { createAnthropic } from '@ai-sdk/anthropic'"],
  [/\bcreateOpenAI\(/, "import { createOpenAI } from '@ai-sdk/openai'"],
  [/\bgenerateText\(/, "import { generateText } from 'ai'"],
  [/\bcreateGateway\(/, "import { createGateway } from '@postern/core'"],
  [/\bredisStore\(/, "import { redisStore } from '@postern/redis'"],
  [
    /\bredisStore\(\{ client \}/,
    "import { createClient } from '@redis/client'\nconst client = createClient()",
  ],
  [
    /\bmessages\b(?=, stream)/,
    "const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }]",
  ],
]

/** A snippet as a module. Fragments (\`routes: {...}\`) are options of a gateway. */
function moduleOf({ text }: Snippet): string {
  const isFragment = /^\w+:/.test(text)
  const body = isFragment ? `createGateway({\n${text}\n})` : text
  const isImported = (line: string): boolean =>
    /import (?:\{ )?(\w+)/.exec(line)?.[1] !== undefined &&
    new RegExp(`import[^\\n]*\\b${/import (?:\{ )?(\w+)/.exec(line)?.[1]}\\b[^\\n]*from`).test(text)
  const lines = ORIGINS.filter(([name, line]) => name.test(body) && !isImported(line)).map(
    ([, line]) => line,
  )
  if (/\bgateway\(/.test(text) && !text.includes('import { gateway }'))
    lines.push("import { gateway } from '@postern/express'")
  return `${lines.join('\n')}\n${body}\nexport {}\n`
}

/** The snippet for Koa and Hono shows one line of each: each is compiled with its own framework. */
function modulesOf(snippet: Snippet): [string, string][] {
  const frameworks = [
    ['Koa', "import Koa from 'koa'\nimport { gateway } from '@postern/koa'\nconst app = new Koa()"],
    [
      'Hono',
      "import { Hono } from 'hono'\nimport { gateway } from '@postern/hono'\nconst app = new Hono()",
    ],
  ] as const
  const lines = snippet.text.split('\n')
  const isOf = (line: string, framework: string): boolean => line.includes(`// ${framework}`)
  if (!lines.some((line) => frameworks.some(([name]) => isOf(line, name))))
    return [[`${snippet.name}.ts`, moduleOf(snippet)]]
  const others = lines.filter((line) => !frameworks.some(([name]) => isOf(line, name))).join('\n')
  return [
    ...frameworks.map(([name, setup]): [string, string] => [
      `${snippet.name}-${name}.ts`,
      `${setup}\n${lines.filter((line) => isOf(line, name)).join('\n')}\nexport {}\n`,
    ]),
    [`${snippet.name}.ts`, moduleOf({ ...snippet, text: others })],
  ]
}

describe('snippets of the docs', () => {
  it('compile under strict, as they are printed', async () => {
    const modules = snippets
      .filter(({ language }) => /^(?:ts|js|typescript|javascript|tsx|mjs)$/.test(language))
      .flatMap(modulesOf)
    expect(modules.length).toBeGreaterThan(14)
    expect(
      await typeErrors({ ...Object.fromEntries(modules), 'host.ts': HOST, 'clouds.d.ts': CLOUDS }),
    ).toEqual([])
  }, 60_000)

  it('list every SDK with the version that is tried here', async () => {
    const page = await readFile(new URL('docs/clients.md', root), 'utf8')
    const listed = [...page.matchAll(/^\| `([^`]+)` \| ([\d.]+) \|/gm)].map(
      ([, name = '', version = '']) => ({ name, version }),
    )
    expect(listed.length).toBeGreaterThan(8)
    for (const { name, version } of listed) {
      const { version: installed } = JSON.parse(
        await readFile(new URL(`test/node_modules/${name}/package.json`, root), 'utf8'),
      ) as { version: string }
      expect([name, installed.split('.').slice(0, 2).join('.')]).toEqual([name, version])
    }
    const { devDependencies } = JSON.parse(
      await readFile(new URL('test/package.json', root), 'utf8'),
    ) as { devDependencies: Record<string, string> }
    const sdks = Object.keys(devDependencies).filter((name) =>
      /^(?:openai|ai|@ai-sdk\/.*|@anthropic-ai\/.*|@google\/genai|@langchain\/openai|@openai\/.*)$/.test(
        name,
      ),
    )
    expect(listed.map(({ name }) => name).sort()).toEqual(sdks.sort())
  })

  it('in JSON are JSON', () => {
    const texts = snippets.filter(({ language }) => language === 'json').map(({ text }) => text)
    expect(texts.length).toBeGreaterThan(0)
    for (const text of texts) expect(() => JSON.parse(text) as unknown).not.toThrow()
  })

  it('that set variables are configurations that start', async () => {
    const blocks = snippets.filter(
      ({ language, text }) => language === 'sh' && /^(?:export )?POSTERN_\w+=/.test(text),
    )
    expect(blocks.length).toBeGreaterThan(0)
    for (const { text } of blocks) {
      const set = execFileSync('sh', ['-c', `set -a\n${text}\nenv`], {
        env: { PATH: process.env['PATH'] },
        encoding: 'utf8',
      })
      const variables = Object.fromEntries(
        [...set.matchAll(/^(POSTERN_\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
          name,
          value,
        ]),
      )
      const gateway = createGateway(
        { log: 'silent' },
        { environment: { OPENAI_API_KEY: 'one', ANTHROPIC_API_KEY: 'two', ...variables } },
      )
      expect(gateway.health().routes).toEqual(
        Object.keys(variables).flatMap(
          (name) => /^POSTERN_ROUTE_(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? [],
        ),
      )
      await gateway.close({ graceMs: 0 })
    }
  })
})
