import { describe, expect, it } from 'vitest'
import { checkProviderNames, providerNames } from './provider-names.ts'
import { sample } from './sample.ts'

const catalogue = sample(
  "const rows = [{ name: 'openai' }, { name: 'anthropic', title: 'A' }, { name: 'gemini' }, { name: 'groq' }, { name: 'lm-studio' }, { name: 'together' }]",
)
const names = providerNames(catalogue)
const whats = (path: string, text: string): string[] =>
  checkProviderNames(sample(text, `packages/core/src/${path}`), names).map(({ what }) => what)

describe('providerNames', () => {
  it('reads the catalogue and leaves ordinary words out', () => {
    expect(names).toEqual(
      expect.arrayContaining(['openai', 'anthropic', 'gemini', 'groq', 'lmstudio']),
    )
    expect(names).not.toContain('together')
    expect(names).not.toContain('a')
  })
})

describe('names of providers', () => {
  it.each([
    "if (name === 'openai') go()",
    'const isAnthropic = true',
    "fetch('https://api.openai.com')",
    'const groqModel = 1',
    'type LmStudio = 1',
    '`at ${x} of lm-studio`',
  ])('fails in shared code: %s', (text) => {
    expect(whats('dispatch/attempt.ts', text)).toHaveLength(1)
  })

  it.each(['// as OpenAI does', 'const all = together', "const agrOqua = 'x'", '/openai/.test(x)'])(
    'passes in shared code: %s',
    (text) => {
      expect(whats('dispatch/attempt.ts', text)).toEqual([])
    },
  )

  it('belong to providers/ and to the folder of the dialect', () => {
    expect(whats('providers/quirks.ts', "const a = 'groq'")).toEqual([])
    expect(
      whats('dialects/anthropic-messages/request.ts', "const a = 'anthropic-version'"),
    ).toEqual([])
    expect(whats('dialects/anthropic-messages/request.ts', "const a = 'openai'")).toHaveLength(1)
    expect(whats('dialects/finish.ts', "const a = 'anthropic'")).toHaveLength(1)
  })

  it('are allowed as names of dialects where dialects are registered', () => {
    const registering =
      "import { openaiChat } from './openai-chat/index.ts'\nexport const dialects = [openaiChat, gemini, anthropicMessages]"
    expect(whats('dialects/index.ts', registering)).toEqual([])
    expect(whats('api/endpoints.ts', 'const a = { dialect: openaiChat }')).toEqual([])
    expect(whats('api/match.ts', 'const a = { dialect: openaiChat }')).toHaveLength(1)
    expect(whats('dialects/index.ts', "const a = 'openai'")).toHaveLength(1)
  })

  it('are allowed in dialects as the origin of a signature and as words of a wire', () => {
    expect(
      whats(
        'dialects/openai-chat/reasoning.ts',
        "const origins = ['gemini', 'anthropic-messages', 'google-gemini-v1']; usage.x_groq",
      ),
    ).toEqual([])
    expect(whats('dispatch/attempt.ts', "const origin = 'gemini'; usage.x_groq")).toHaveLength(2)
  })

  it('are free in tests and in other packages', () => {
    expect(whats('dispatch/attempt.test.ts', "'openai'")).toEqual([])
    expect(checkProviderNames(sample("'openai'", 'packages/testing/src/server.ts'), names)).toEqual(
      [],
    )
  })
})
