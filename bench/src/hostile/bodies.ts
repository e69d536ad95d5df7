const MEBIBYTE = 1024 * 1024
/** The default of `bodyLimit`, less what stands around the content. */
const MOST = 20 * MEBIBYTE - 1024

/** A request body as text; `model` is what it must name. */
export type MakeBody = (model: string) => string

const chat = (model: string, rest: string): string =>
  `{"model":"${model}","max_tokens":16,"messages":[{"role":"user","content":"hello"}]${rest}}`
const field =
  (content: string): MakeBody =>
  (model) =>
    chat(model, `,"x":${content}`)
const repeat = (text: string, size = MOST): string => text.repeat(Math.floor(size / text.length))

/** Bodies within the limit that would hold the loop if they were read carelessly. */
export const HOSTILE: Readonly<Record<string, MakeBody>> = {
  brackets: field(repeat('[')),
  'brackets that close': field(repeat('[', MOST / 2) + repeat(']', MOST / 2)),
  objects: field(`[${repeat('{},')}{}]`),
  'a million fields': (model) =>
    chat(model, Array.from({ length: 1e6 }, (_, at) => `,"k${at}":1`).join('')),
  '99,000 fields': (model) =>
    chat(model, Array.from({ length: 99e3 }, (_, at) => `,"k${at}":1`).join('')),
  '49,000 fields inside': field(
    `{${Array.from({ length: 49e3 }, (_, at) => `"k${at}":{}`).join(',')}}`,
  ),
  keys: field(`{${repeat('"k":1,')}"k":1}`),
  numbers: field(`[${repeat('1,')}1]`),
  'a million numbers': field(`[${repeat('1,', 1_998_000)}1]`),
  'one number': field(repeat('1')),
  newlines: () => repeat('\n'),
  'newlines inside': field(repeat('\n')),
  spaces: () => repeat(' '),
  'one string': field(`"${repeat('x')}"`),
  'escaped newlines': field(`"${repeat('\\n')}"`),
  'escaped quotes': field(`"${repeat('\\"')}"`),
  'a string without end': field(`"${repeat('\\"')}`),
  'CJK text': field(`"${repeat('\u4e16', MOST / 3)}"`),
  'a long model': () => chat('m'.repeat(1e6), ''),
  'a model of spaces': () => chat(`x${' '.repeat(1e6)}y`, ''),
  'depth 64, often': field(`[${`${'['.repeat(60)}${']'.repeat(60)},`.repeat(1600)}1]`),
}

const PICTURE = 'iVBORw0KGgo'
const picture = (bytes: number): string =>
  repeat(PICTURE, bytes - (bytes % 4)).slice(0, Math.floor(bytes / 4) * 4)

/** Valid large requests, by the client's dialect. */
export const LEGIT: Readonly<Record<string, Readonly<Record<Client, MakeBody>>>> = {
  'three pictures, 15 MiB': withPictures(3, 5 * MEBIBYTE),
  'one picture, 19 MiB': withPictures(1, 19 * MEBIBYTE),
  '5,000 messages, 5 MiB': withMessages(5_000, 1_000),
  '100,000 words, 20 messages': withMessages(20, 30_000),
}

export type Client = 'chat' | 'messages' | 'responses' | 'gemini'

function withPictures(count: number, bytes: number): Record<Client, MakeBody> {
  const data = picture(bytes)
  const times = <T>(value: T): T[] => Array.from({ length: count }, () => value)
  return {
    chat: (model) =>
      JSON.stringify({
        model,
        messages: [
          {
            role: 'user',
            content: times({
              type: 'image_url',
              image_url: { url: `data:image/png;base64,${data}` },
            }),
          },
        ],
      }),
    messages: (model) =>
      JSON.stringify({
        model,
        max_tokens: 16,
        messages: [
          {
            role: 'user',
            content: times({
              type: 'image',
              source: { type: 'base64', media_type: 'image/png', data },
            }),
          },
        ],
      }),
    responses: (model) =>
      JSON.stringify({
        model,
        store: false,
        input: [
          {
            role: 'user',
            content: times({
              type: 'input_image',
              detail: 'auto',
              image_url: `data:image/png;base64,${data}`,
            }),
          },
        ],
      }),
    gemini: () =>
      JSON.stringify({
        contents: [{ role: 'user', parts: times({ inlineData: { mimeType: 'image/png', data } }) }],
      }),
  }
}

function withMessages(count: number, length: number): Record<Client, MakeBody> {
  const text = 'hello world, '.repeat(length / 13)
  const turns = Array.from({ length: count }, (_, at) => (at % 2 === 0 ? 'user' : 'assistant'))
  return {
    chat: (model) =>
      JSON.stringify({ model, messages: turns.map((role) => ({ role, content: text })) }),
    messages: (model) =>
      JSON.stringify({
        model,
        max_tokens: 16,
        messages: turns.map((role) => ({ role, content: [{ type: 'text', text }] })),
      }),
    responses: (model) =>
      JSON.stringify({
        model,
        store: false,
        input: turns.map((role) => ({ role, content: text })),
      }),
    gemini: () =>
      JSON.stringify({
        contents: turns.map((role) => ({
          role: role === 'user' ? 'user' : 'model',
          parts: [{ text }],
        })),
      }),
  }
}
