import { describe, expect, it } from 'vitest'
import { mapAnnotations, sourcesBeside } from './sources-beside.ts'

describe('sources beside the choices', () => {
  it.each([
    ['none', {}, []],
    [
      'addresses',
      { citations: ['https://a', '', 5, null] },
      [{ url: 'https://a', title: 'https://a' }],
    ],
    [
      'addresses with titles',
      { citations: ['https://a', 'https://b'], search_results: [{ url: 'https://b', title: 'B' }] },
      [
        { url: 'https://a', title: 'https://a' },
        { url: 'https://b', title: 'B' },
      ],
    ],
    [
      'results alone',
      { search_results: [{ url: 'https://b', title: 'B' }, {}, null] },
      [{ url: 'https://b', title: 'B' }],
    ],
    ['objects', { citations: [{ url: 'https://a' }] }, [{ url: 'https://a', title: 'https://a' }]],
  ])('are read: %s', (_, body, expected) => {
    expect(sourcesBeside(body)).toEqual(expected)
  })

  it('annotate the first mark of each, or the end of the text', () => {
    const places = mapAnnotations(
      [
        { url: 'https://a', title: 'A' },
        { url: 'https://b', title: 'B' },
      ],
      'x[1] y[1]',
    ).map(({ url_citation: cited }) => cited)
    expect(places).toEqual([
      { url: 'https://a', title: 'A', start_index: 1, end_index: 4 },
      { url: 'https://b', title: 'B', start_index: 9, end_index: 9 },
    ])
  })
})
