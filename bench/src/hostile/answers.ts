import type { RequestListener } from 'node:http'

const MEBIBYTE = 1024 * 1024
const ANSWER = 32 * MEBIBYTE - 4096
const EVENT = 8 * MEBIBYTE - 4096
const repeat = (text: string, size: number): string => text.repeat(Math.floor(size / text.length))

const chatAnswer = (rest: string): string =>
  `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}${rest}}`
const chatEvent = (rest: string): string =>
  `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]${rest}}\n\n`

const contents: Readonly<Record<string, (size: number) => string>> = {
  brackets: (size) => `,"x":${repeat('[', size)}`,
  objects: (size) => `,"x":[${repeat('{},', size)}{}]`,
  fields: (size) =>
    `,"x":{${Array.from({ length: size / 16 }, (_, at) => `"k${at}":1`).join(',')}}`,
  numbers: (size) => `,"x":[${repeat('1,', size)}1]`,
  floats: (size) => `,"x":[${repeat('0.0123456789012,', size)}1]`,
  'one number': (size) => `,"x":${repeat('1', size)}`,
  newlines: (size) => `,"x":${repeat('\n', size)}`,
  'escaped quotes': (size) => `,"x":"${repeat('\\"', size)}"`,
  text: (size) => `,"x":"${repeat('hello ', size)}"`,
}

const answers: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries(contents).flatMap(([name, make]) => [
    [`answer-${name}`, () => chatAnswer(make(ANSWER))],
    // Events know no newlines inside.
    ...(name === 'newlines' ? [] : [[`event-${name}`, () => chatEvent(make(EVENT))]]),
  ]) as [string, () => string][],
)

/** Names of models that the provider answers with such answers. */
export const HOSTILE_ANSWERS: readonly string[] = [...Object.keys(answers), 'event-lines']

const whole: Readonly<Record<string, string>> = {
  chat: chatAnswer(''),
  messages:
    '{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}',
  responses:
    '{"id":"r","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"message","id":"i","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}',
  gemini:
    '{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2}}',
}

/** A provider of all dialects that reads what it is sent and answers at once. */
export const provider: RequestListener = (request, response) => {
  let head = ''
  request.on(
    'data',
    (chunk: Buffer) => (head = head === '' ? chunk.toString('latin1', 0, 400) : head),
  )
  request.on('end', () => {
    const model = /"model":"([^"]*)"/.exec(head)?.[1] ?? ''
    const path = request.url ?? ''
    const isEvents = model.startsWith('event-')
    response.writeHead(200, { 'content-type': isEvents ? 'text/event-stream' : 'application/json' })
    if (model === 'event-lines')
      response.end(`${repeat('data:\n', EVENT)}\n\n${chatEvent('')}data: [DONE]\n\n`)
    else if (answers[model] !== undefined)
      response.end(`${answers[model]()}${isEvents ? 'data: [DONE]\n\n' : ''}`)
    else
      response.end(
        whole[
          path.includes('/messages')
            ? 'messages'
            : path.includes('/responses')
              ? 'responses'
              : path.includes('generateContent')
                ? 'gemini'
                : 'chat'
        ],
      )
  })
}
