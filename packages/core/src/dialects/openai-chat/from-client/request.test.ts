import { describe, expect, it } from 'vitest'
import { parseRequest } from './request.ts'

const messages = [{ role: 'user', content: 'hi' }]

describe('parseRequest', () => {
  it('reads what routing needs', () => {
    const bytes = new Uint8Array([1])
    const body = { model: 'm', messages, stream: true, stream_options: { include_usage: true } }
    const request = parseRequest(body, bytes)
    expect(request).toMatchObject({ model: 'm', stream: true, includeUsage: true })
    expect(request.body).toBe(body)
    expect(request.bytes).toBe(bytes)
  })

  it('takes null for absent', () => {
    const request = parseRequest(
      {
        model: 'm',
        messages,
        stream: null,
        stream_options: null,
        n: null,
        tools: null,
        stop: null,
      },
      undefined,
    )
    expect(request).toMatchObject({ stream: false, includeUsage: false, bytes: undefined })
  })

  it('reads the conversation once, and only when asked', () => {
    const request = parseRequest({ model: 'm', messages: [{ role: 'nobody' }] }, undefined)
    expect(() => request.conversation()).toThrow('messages[0].role')
    const good = parseRequest({ model: 'm', messages }, undefined)
    expect(good.conversation()).toBe(good.conversation())
  })

  it.each([
    [{ messages }, 'model', 'model is missing: it must be a non-empty string.'],
    [{ model: '', messages }, 'model', 'model must be a non-empty string, got an empty string.'],
    [{ model: ['m'], messages }, 'model', 'model must be a non-empty string, got an array.'],
    [{ model: 'm' }, 'messages', 'messages is missing: it must be a non-empty array.'],
    [
      { model: 'm', messages: [] },
      'messages',
      'messages must be a non-empty array, got an empty array.',
    ],
    [
      { model: 'm', messages: 'hi' },
      'messages',
      'messages must be a non-empty array, got the string "hi".',
    ],
    [
      { model: 'm', messages: [messages[0], null] },
      'messages[1]',
      'messages[1] must be an object, got null.',
    ],
    [
      { model: 'm', messages, stream: 'true' },
      'stream',
      'stream must be a boolean, got the string "true".',
    ],
    [
      { model: 'm', messages, stream_options: true },
      'stream_options',
      'stream_options must be an object, got true.',
    ],
    [
      { model: 'm', messages, stream_options: { include_usage: 1 } },
      'stream_options.include_usage',
      'stream_options.include_usage must be a boolean, got the number 1.',
    ],
    [{ model: 'm', messages, n: 0 }, 'n', 'n must be a positive integer, got the number 0.'],
    [
      { model: 'm', messages, max_tokens: '5' },
      'max_tokens',
      'max_tokens must be a positive integer, got the string "5".',
    ],
    [
      { model: 'm', messages, temperature: '1' },
      'temperature',
      'temperature must be a number, got the string "1".',
    ],
    [
      { model: 'm', messages, stop: ['a', 1] },
      'stop',
      'stop must be a string or an array of strings, got an array.',
    ],
    [{ model: 'm', messages, tools: {} }, 'tools', 'tools must be an array, got an object.'],
    [
      { model: 'm', messages, tool_choice: [] },
      'tool_choice',
      'tool_choice must be a string or an object, got an empty array.',
    ],
    [
      { model: 'm', messages, response_format: 'json' },
      'response_format',
      'response_format must be an object, got the string "json".',
    ],
    [{ model: 'm', messages, user: 7 }, 'user', 'user must be a string, got the number 7.'],
  ])('refuses %j', (body, param, message) => {
    expect(() => parseRequest(body, undefined)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        status: 400,
        message,
        details: { param },
      }),
    )
  })
})
