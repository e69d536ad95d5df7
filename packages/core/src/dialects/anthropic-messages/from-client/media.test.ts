import { expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { conversationOf } from './request.fake.ts'

const partsOf = (block: JsonObject) =>
  conversationOf({ messages: [{ role: 'user', content: [block] }] }).messages[0]?.parts

it.each([
  [
    { type: 'base64', media_type: 'image/png', data: 'AAAA' },
    { kind: 'data', mediaType: 'image/png', data: 'AAAA' },
  ],
  [
    { type: 'url', url: 'https://a.example/b.png' },
    { kind: 'url', url: 'https://a.example/b.png' },
  ],
  [
    { type: 'file', file_id: 'file_1' },
    { kind: 'id', id: 'file_1' },
  ],
])('an image from %j', (source, expected) => {
  expect(partsOf({ type: 'image', source, cache_control: { type: 'ephemeral' } })).toEqual([
    { type: 'image', source: expected, cacheHint: {} },
  ])
})

it.each([
  [
    { type: 'base64', media_type: 'application/pdf', data: 'AAAA' },
    { kind: 'data', mediaType: 'application/pdf', data: 'AAAA' },
  ],
  [
    { type: 'text', media_type: 'text/plain', data: 'Grüße' },
    { kind: 'data', mediaType: 'text/plain', data: Buffer.from('Grüße').toString('base64') },
  ],
  [
    { type: 'url', url: 'https://a.example/b.pdf' },
    { kind: 'url', url: 'https://a.example/b.pdf' },
  ],
  [
    { type: 'file', file_id: 'file_1' },
    { kind: 'id', id: 'file_1' },
  ],
])('a document from %j', (source, expected) => {
  expect(partsOf({ type: 'document', source, title: 'b.pdf' })).toEqual([
    { type: 'file', source: expected, name: 'b.pdf' },
  ])
  expect(partsOf({ type: 'document', source })).toEqual([{ type: 'file', source: expected }])
})

it('a document of blocks is its blocks', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }
  const source = { type: 'content', content: [image, { type: 'text', text: 'below' }] }
  expect(
    partsOf({ type: 'document', source, title: 'T', cache_control: { type: 'ephemeral' } }),
  ).toEqual([
    { type: 'text', text: 'T' },
    { type: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } },
    { type: 'text', text: 'below', cacheHint: {} },
  ])
  expect(partsOf({ type: 'document', source: { type: 'content', content: 'all' } })).toEqual([
    { type: 'text', text: 'all' },
  ])
})

it('a search result is the text it holds', () => {
  const block = {
    type: 'search_result',
    source: 'https://a.example',
    title: 'T',
    content: [{ type: 'text', text: 'found' }],
    cache_control: { type: 'ephemeral' },
  }
  expect(partsOf(block)).toEqual([
    { type: 'text', text: 'T\nhttps://a.example' },
    { type: 'text', text: 'found', cacheHint: {} },
  ])
})

it('what stands beside it is kept by kind', () => {
  const source = { type: 'url', url: 'https://a.example/b.pdf' }
  expect(
    conversationOf({
      messages: [
        {
          role: 'user',
          content: [{ type: 'document', source, context: 'c', citations: { enabled: true } }],
        },
      ],
    }).extensions,
  ).toEqual({
    'messages.content.context': 'c',
    'messages.content.citations': { enabled: true },
  })
})

it.each([
  [{ type: 'image' }, 'source'],
  [{ type: 'image', source: { type: 'text' } }, 'source.type'],
  [{ type: 'image', source: { type: 'base64', media_type: 'image/png' } }, 'source.data'],
  [{ type: 'document', source: { type: 'file' } }, 'source.file_id'],
])('%j is refused at %s', (block, field) => {
  expect(() => partsOf(block)).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ param: `messages[0].content[0].${field}` }),
    }),
  )
})
