import { describe, expect, it } from 'vitest'
import { audioToPart, fileToPart, imageToPart } from './media.ts'

const place = { provider: 'gemini', param: 'messages.2' }

describe('media', () => {
  it('sends data inline, with the media type the API knows', () => {
    expect(
      imageToPart(
        { type: 'image', source: { kind: 'data', mediaType: 'image/jpg', data: 'AAAA' } },
        place,
      ),
    ).toEqual({
      inlineData: { mimeType: 'image/jpeg', data: 'AAAA' },
    })
    expect(
      fileToPart(
        {
          type: 'file',
          name: 'a.csv',
          source: { kind: 'data', mediaType: 'application/octet-stream', data: 'AAAA' },
        },
        place,
      ),
    ).toEqual({
      inlineData: { mimeType: 'text/csv', data: 'AAAA' },
    })
  })

  it.each([
    ['https://x.test/a/photo.PNG?size=2', 'image/png'],
    ['https://x.test/a/photo', 'image/jpeg'],
    ['https://x.test/constructor', 'image/jpeg'],
  ])('refers to %s as %s', (url, mimeType) => {
    expect(imageToPart({ type: 'image', source: { kind: 'url', url } }, place)).toEqual({
      fileData: { fileUri: url, mimeType },
    })
  })

  it('takes a file without a telling name for a PDF', () => {
    expect(
      fileToPart({ type: 'file', source: { kind: 'url', url: 'https://x.test/report' } }, place),
    ).toEqual({
      fileData: { fileUri: 'https://x.test/report', mimeType: 'application/pdf' },
    })
  })

  it.each([
    ['wav', 'audio/wav'],
    ['mp3', 'audio/mp3'],
    ['pcm16', 'audio/pcm'],
  ])('sends %s audio as %s', (format, mimeType) => {
    expect(audioToPart({ type: 'audio', format, data: 'AAAA' })).toEqual({
      inlineData: { mimeType, data: 'AAAA' },
    })
  })

  it('refuses a file of another service', () => {
    expect(() => fileToPart({ type: 'file', source: { kind: 'id', id: 'file-1' } }, place)).toThrow(
      expect.objectContaining({ code: 'unsupported_content', details: { param: 'messages.2' } }),
    )
  })
})
