import { describe, expect, it } from 'vitest'
import type { FilePart, ImagePart } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'
import { mediaBlock } from './media.ts'
import { findModelRules } from './models.ts'

function block(part: ImagePart | FilePart) {
  const context: RequestContext = {
    provider: 'claude',
    rules: findModelRules('claude-haiku-4-5'),
    dropped: [],
  }
  return { block: mediaBlock(part, 'messages[0].content[1]', context), dropped: context.dropped }
}

const file = (mediaType: string, data = 'aGk=', name?: string): FilePart => ({
  type: 'file',
  source: { kind: 'data', mediaType, data },
  ...(name ? { name } : {}),
})
const image = (mediaType: string): ImagePart => ({
  type: 'image',
  source: { kind: 'data', mediaType, data: 'aaaa' },
})
const refusal = expect.objectContaining({
  code: 'unsupported_content',
  details: { param: 'messages[0].content[1]', provider: 'claude' },
})

describe('images', () => {
  it('go as data or as an address', () => {
    expect(block(image('image/webp')).block).toEqual({
      type: 'image',
      source: { type: 'base64', media_type: 'image/webp', data: 'aaaa' },
    })
    expect(
      block({ type: 'image', source: { kind: 'url', url: 'https://a/b.png' }, cacheHint: {} })
        .block,
    ).toEqual({
      type: 'image',
      source: { type: 'url', url: 'https://a/b.png' },
      cache_control: { type: 'ephemeral' },
    })
  })

  it('are named as registered', () => {
    expect(block(image('image/JPG; q=1')).block).toMatchObject({
      source: { media_type: 'image/jpeg' },
    })
  })

  it('lose their detail, which is reported', () => {
    expect(block({ ...image('image/png'), detail: 'high' }).dropped).toEqual([
      'messages[0].content[1].image_url.detail',
    ])
    expect(block({ ...image('image/png'), detail: 'auto' }).dropped).toEqual([])
  })

  it('are refused in unsupported formats', () => {
    expect(() => block(image('image/tiff'))).toThrow(refusal)
    expect(() => block({ type: 'image', source: { kind: 'id', id: 'file-1' } })).toThrow(refusal)
  })
})

describe('files', () => {
  it('PDFs are documents', () => {
    expect(block(file('application/pdf', 'JVBE', 'a.pdf')).block).toEqual({
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
      title: 'a.pdf',
    })
    expect(block({ type: 'file', source: { kind: 'url', url: 'https://a/b.pdf' } }).block).toEqual({
      type: 'document',
      source: { type: 'url', url: 'https://a/b.pdf' },
    })
  })

  it('text is sent as text', () => {
    const data = Buffer.from('Grüße, 世界').toString('base64')
    expect(block(file('text/markdown; charset=utf-8', data)).block).toEqual({
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'Grüße, 世界' },
    })
    expect(block(file('application/json', 'e30=')).block).toMatchObject({
      source: { type: 'text', data: '{}' },
    })
  })

  it('without a type are recognised by their name', () => {
    expect(block(file('application/octet-stream', 'JVBE', 'A.PDF')).block).toMatchObject({
      source: { media_type: 'application/pdf' },
    })
  })

  it('images among them are images', () => {
    expect(block(file('image/png')).block).toMatchObject({ type: 'image' })
  })

  it.each([
    file('application/zip'),
    file('application/octet-stream'),
    file('text/plain', ''),
    { type: 'file', source: { kind: 'id', id: 'file-1' } } as FilePart,
  ])('are refused when they cannot be read there: %j', (part) => {
    expect(() => block(part)).toThrow(refusal)
  })
})
