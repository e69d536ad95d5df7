import { describe, expect, it } from 'vitest'
import type { Message, Part } from '../../model/conversation.ts'
import { documentName } from './document-name.ts'
import { build, CLAUDE, NOVA, says } from './build.fake.ts'

const data = (mediaType: string, value = 'aaaa') => ({
  kind: 'data' as const,
  mediaType,
  data: value,
})
const image = (mediaType: string): Part => ({ type: 'image', source: data(mediaType) })
const file = (mediaType: string, name?: string): Part => ({
  type: 'file',
  source: data(mediaType),
  ...(name === undefined ? {} : { name }),
})

function content(
  parts: readonly Part[],
  options: { readonly model?: string; readonly dropUnsupported?: boolean } = {},
) {
  const message: Message = { role: 'user', parts: [{ type: 'text', text: 'See' }, ...parts] }
  const { body, dropped } = build({ messages: [message] }, options)
  return {
    blocks:
      (body.messages as { content: { document?: { name: string } }[] }[])[0]?.content.slice(1) ??
      [],
    dropped,
  }
}

describe('media', () => {
  it.each([
    ['image/png', 'png'],
    ['image/jpeg', 'jpeg'],
    ['image/jpg', 'jpeg'],
    ['image/gif', 'gif'],
    ['image/webp; charset=binary', 'webp'],
  ])('sends %s', (mediaType, format) => {
    expect(content([image(mediaType)]).blocks).toEqual([
      { image: { format, source: { bytes: 'aaaa' } } },
    ])
  })

  it.each([
    ['application/pdf', 'a.pdf', 'pdf'],
    ['text/csv', undefined, 'csv'],
    ['application/msword', undefined, 'doc'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', undefined, 'docx'],
    ['application/vnd.ms-excel', undefined, 'xls'],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', undefined, 'xlsx'],
    ['text/html', undefined, 'html'],
    ['text/markdown', undefined, 'md'],
    ['text/plain', undefined, 'txt'],
    ['application/json', undefined, 'txt'],
    ['text/x-python', undefined, 'txt'],
    ['', 'notes.md', 'md'],
    ['application/octet-stream', 'Table.XLSX', 'xlsx'],
  ])('sends a file of type %j named %j as %s', (mediaType, name, format) => {
    expect(content([file(mediaType, name)]).blocks).toMatchObject([
      { document: { format, source: { bytes: 'aaaa' } } },
    ])
  })

  it('sends images and videos that came as files', () => {
    expect(
      content([file('image/png'), file('video/mp4'), file('', 'a.jpg')], { model: NOVA }).blocks,
    ).toMatchObject([
      { image: { format: 'png' } },
      { video: { format: 'mp4' } },
      { image: { format: 'jpeg' } },
    ])
  })

  it("sends an address in the service's own store, and no other", () => {
    const at = (url: string): Part => ({ type: 'image', source: { kind: 'url', url } })
    expect(content([at('s3://bucket/a/b.PNG')]).blocks).toEqual([
      { image: { format: 'png', source: { s3Location: { uri: 's3://bucket/a/b.PNG' } } } },
    ])
    expect(() => content([at('https://a.example/b.png')])).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        message: 'messages[0].content[1]: an image by its web address is not supported by cloud.',
        details: { param: 'messages[0].content[1]', provider: 'cloud' },
      }),
    )
  })

  it.each([
    ['an image of type image/tiff', image('image/tiff')],
    ['an image of type unknown', image('')],
    ['a file of type application/zip', file('application/zip')],
    [
      'a file by its web address',
      { type: 'file', source: { kind: 'url', url: 'https://a.example/b.pdf' } },
    ],
    ['a file id of another provider', { type: 'file', source: { kind: 'id', id: 'file-1' } }],
    ['audio (wav)', { type: 'audio', format: 'wav', data: 'aa' }],
  ] satisfies [string, Part][])('refuses %s, or reports it', (what, part) => {
    expect(() => content([part])).toThrow(expect.objectContaining({ code: 'unsupported_content' }))
    expect(content([part], { dropUnsupported: true })).toEqual({
      blocks: [],
      dropped: [`messages[0].content[1] (${what})`],
    })
  })

  it('sends sound to the models that hear', () => {
    const sound: Part = { type: 'audio', format: 'mp3', data: 'aa' }
    expect(content([sound], { model: 'mistral.voxtral-small-24b-2507' }).blocks).toEqual([
      { audio: { format: 'mp3', source: { bytes: 'aa' } } },
    ])
  })

  it('reports the detail of an image', () => {
    expect(content([{ type: 'image', source: data('image/png'), detail: 'high' }]).dropped).toEqual(
      ['messages[0].content[1].image_url.detail'],
    )
    expect(content([{ type: 'image', source: data('image/png'), detail: 'auto' }]).dropped).toEqual(
      [],
    )
  })

  it('puts a cache point behind an image or a PDF, not behind other documents', () => {
    const point = { cachePoint: { type: 'default' } }
    expect(
      content([{ type: 'image', source: data('image/png'), cacheHint: {} }]).blocks.at(-1),
    ).toEqual(point)
    expect(
      content([{ type: 'file', source: data('application/pdf'), cacheHint: {} }]).blocks.at(-1),
    ).toEqual(point)
    const { blocks, dropped } = content([{ type: 'file', source: data('text/csv'), cacheHint: {} }])
    expect(blocks).toHaveLength(1)
    expect(dropped).toEqual([
      'messages[0].content[1].cache_control (not behind this kind of document)',
    ])
  })

  it('says something beside a document that came alone', () => {
    const { body, dropped } = build(
      { messages: [{ role: 'user', parts: [file('application/pdf')] }] },
      { model: CLAUDE },
    )
    expect(
      (body.messages as { content: object[] }[])[0]?.content.map((block) => Object.keys(block)[0]),
    ).toEqual(['text', 'document'])
    expect(dropped).toEqual(['messages (a text was put beside the document)'])
  })

  it('gives documents the same names every time, each only once in a request', () => {
    const messages: Message[] = [
      {
        role: 'user',
        parts: [
          file('text/csv', 'Q1 report.csv'),
          file('text/csv', 'q1 Report.csv'),
          file('text/csv'),
        ],
      },
      says('user', 'See'),
      { role: 'user', parts: [file('text/csv')] },
    ]
    const names = () =>
      (
        build({ messages }).body.messages as { content: { document?: { name: string } }[] }[]
      )[0]?.content.flatMap(({ document }) => document?.name ?? [])
    expect(names()).toEqual(['Q1 report', 'q1 Report (2)', 'document', 'document (2)'])
    expect(names()).toEqual(names())
  })
})

describe('documentName', () => {
  it.each([
    ['report.pdf', 'report'],
    ['Résumé (final)  v2.docx', 'Resume (final) v2'],
    ['a/b\\c_d.e.f.txt', 'a-b-c-d-e-f'],
    ['[x] plan', '[x] plan'],
    ['報告書.pdf', 'document'],
    ['..', 'document'],
    ['', 'document'],
    ['tab\tand\nline', 'tab and line'],
    ['x'.repeat(300), 'x'.repeat(190)],
  ])('%j is %j', (name, expected) => {
    const plain = documentName(name, new Set())
    expect(plain).toBe(expected)
    expect(plain).toMatch(/^[a-zA-Z0-9()[\] -]{1,200}$/)
  })
})
