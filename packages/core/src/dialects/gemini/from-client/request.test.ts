import { describe, expect, it } from 'vitest'
import { clientRequest, hello, parsed } from './request.fake.ts'
import { parseRequest } from './request.ts'

describe('parseRequest', () => {
  it('takes the model and the stream from the path', () => {
    const body = { ...hello, model: 'models/other' }
    const request = parsed(body, { model: 'openai/gpt-5' })
    expect(request).toMatchObject({
      model: 'openai/gpt-5',
      stream: false,
      includeUsage: true,
      body,
      version: 'v1beta',
    })
    expect(Buffer.from(request.bytes ?? []).toString()).toBe(JSON.stringify(body))
    expect(request.streamType).toBeUndefined()
  })

  it('streams events to those who ask for them, and an array to everybody else', () => {
    const stream = (query: string) => parsed(hello, { action: 'streamGenerateContent', query })
    expect(stream('alt=sse')).toMatchObject({ stream: true })
    expect(stream('alt=sse').streamType).toBeUndefined()
    expect(stream('$alt=sse').streamType).toBeUndefined()
    expect(stream('').streamType).toBe('application/json; charset=utf-8')
    expect(stream('alt=json').streamType).toBe('application/json; charset=utf-8')
  })

  it('knows the versions it is served under and no other', () => {
    expect(parsed(hello, { version: 'v1' }).version).toBe('v1')
    expect(parsed(hello, { version: '../v2' }).version).toBe('v1beta')
  })

  it('reads the conversation once, and only when asked', () => {
    const request = parsed({ contents: [{ role: 'other' }] })
    expect(() => request.conversation()).toThrow(
      'contents[0].role must be "user", "model" or "function", got the string "other".',
    )
    const whole = parsed()
    expect(whole.conversation()).toBe(whole.conversation())
  })

  it.each([
    [{}, 'contents is missing: it must be a non-empty array.'],
    [{ contents: [] }, 'contents must be a non-empty array, got an empty array.'],
    [{ contents: 'hi' }, 'contents must be a non-empty array, got the string "hi".'],
  ])('refuses %j', (body, message) => {
    expect(() => parseRequest(clientRequest(body))).toThrow(message)
  })

  it('refuses a path without a model', () => {
    expect(() => parseRequest(clientRequest(hello, { model: '' }))).toThrow(
      'model must be the id of a model in the path, got an empty string.',
    )
  })
})

describe('the conversation', () => {
  it('holds the whole request', () => {
    const body = {
      model: 'models/x',
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: '' }] },
      contents: [{ parts: [{ text: 'hi' }] }],
      tools: [{ functionDeclarations: [{ name: 'now' }] }],
      toolConfig: { functionCallingConfig: { mode: 'NONE' } },
      generationConfig: { temperature: 0 },
      safetySettings: [{ category: 'c' }],
      cachedContent: 'cachedContents/1',
      labels: null,
    }
    expect(parsed(body).conversation()).toEqual({
      origin: 'gemini',
      messages: [
        { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
      ],
      tools: [{ kind: 'function', name: 'now' }],
      toolChoice: { mode: 'none' },
      sampling: { temperature: 0 },
      extensions: { safetySettings: [{ category: 'c' }], cachedContent: 'cachedContents/1' },
    })
  })

  it('may be spelled in snake case throughout', () => {
    const camel = {
      systemInstruction: { parts: [{ text: 's' }] },
      contents: [
        {
          role: 'user',
          parts: [
            { inlineData: { mimeType: 'image/png', data: 'AA' } },
            { fileData: { fileUri: 'https://x.test/a.pdf', mimeType: 'application/pdf' } },
          ],
        },
        {
          role: 'model',
          parts: [{ functionCall: { name: 'f', args: { a_b: 1 } }, thoughtSignature: 'S' }],
        },
        { role: 'function', parts: [{ functionResponse: { name: 'f', response: { a_b: 1 } } }] },
      ],
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
      generationConfig: {
        topP: 0.5,
        maxOutputTokens: 5,
        stopSequences: ['x'],
        responseMimeType: 'application/json',
        thinkingConfig: { thinkingBudget: 5 },
      },
    }
    const snake = JSON.parse(
      JSON.stringify(camel).replace(
        /"([a-z]+(?:[A-Z][a-z]+)+)":/g,
        (_, name: string) => `"${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}":`,
      ),
    ) as typeof camel
    expect(snake).toHaveProperty('generation_config.thinking_config.thinking_budget')
    expect(parsed(snake).conversation()).toEqual(parsed(camel).conversation())
  })

  it.each(['Be brief.', { text: 'Be brief.' }, { parts: { text: 'Be brief.' } }])(
    'takes the system instruction %j',
    (systemInstruction) => {
      expect(parsed({ ...hello, systemInstruction }).conversation().messages[0]).toEqual({
        role: 'system',
        parts: [{ type: 'text', text: 'Be brief.' }],
      })
    },
  )

  it.each(['', { parts: [] }, null])('has none for %j', (systemInstruction) => {
    expect(parsed({ ...hello, systemInstruction }).conversation().messages).toHaveLength(1)
  })
})
