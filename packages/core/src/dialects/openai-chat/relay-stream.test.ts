import { describe, expect, it } from 'vitest'
import type { Quirks } from '../dialect.ts'
import { ChatStreamRelay } from './relay-stream.ts'
import { parseRequest } from './request.ts'

function open(quirks: Quirks = {}): ChatStreamRelay {
  const request = parseRequest({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] }, undefined)
  return new ChatStreamRelay(request, {
    call: { provider: 'acme', model: 'physical', stream: true, quirks, newId: (prefix) => `${prefix}new` },
    maxEventBytes: 1_000_000,
  })
}

function chunk(id: string, rest: object): string {
  return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 1, model: 'm', ...rest })}\n\n`
}

function content(text: string, finish: string | null = null): object {
  return { choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] }
}

function push(relay: ChatStreamRelay, text: string): string {
  return String(relay.push(Buffer.from(text)) ?? '')
}

const idsOf = (text: string): unknown[] => [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => (JSON.parse(String(data)) as { id: unknown }).id)

describe('one answer has one id', () => {
  it('that of the first choice, also where a chunk without id and choices comes first', () => {
    const relay = open()
    expect(push(relay, chunk('', { choices: [], prompt_filter_results: [{ prompt_index: 0 }] }))).toBe('')
    const output = push(relay, chunk('chatcmpl-real', content('Hi')))
    expect(idsOf(output)).toEqual(['chatcmpl-real', 'chatcmpl-real'])
    expect(output).toContain('prompt_filter_results')
    expect(relay.events).toBe(2)
  })

  it('ours from the first choice on, where that one has none', () => {
    const relay = open()
    const output = push(relay, chunk('', content('Hi'))) + push(relay, chunk('chatcmpl-late', content('', 'stop')))
    expect(idsOf(output)).toEqual(['chatcmpl-new', 'chatcmpl-new'])
    expect(relay.complete).toBe(true)
  })
})

describe('an event cut off in the middle', () => {
  const cut = chunk('chatcmpl-1', content('Hi')).slice(0, -6)

  it.each([{ exact: true }, {}])('never reaches the client: %j', (quirks) => {
    const relay = open(quirks)
    expect(push(relay, chunk('chatcmpl-1', content('Hello')))).toContain('Hello')
    expect(push(relay, cut)).toBe('')
    expect(relay.flush()).toBeUndefined()
    expect(relay.error?.code).toBe('upstream_invalid')
    expect(relay.complete).toBe(false)
  })

  it('is a whole one where only its blank line is missing', () => {
    const relay = open({ exact: true })
    expect(push(relay, chunk('chatcmpl-1', content('Hi', 'stop')).trimEnd())).toBe('')
    expect(relay.flush()).toContain('"content":"Hi"')
    expect(relay.complete).toBe(true)
  })
})
