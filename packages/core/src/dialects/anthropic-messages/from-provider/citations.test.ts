import { describe, expect, it } from 'vitest'
import { mapAnnotation } from './citations.ts'

const passage = { start: 3, end: 9 }

describe('annotationOf', () => {
  it('makes web sources url_citations', () => {
    expect(
      mapAnnotation(
        { type: 'web_search_result_location', url: 'https://a/b', title: 'A', cited_text: 'x' },
        passage,
      ),
    ).toEqual({
      type: 'url_citation',
      url_citation: { url: 'https://a/b', title: 'A', start_index: 3, end_index: 9 },
    })
    expect(
      mapAnnotation({ type: 'search_result_location', source: 'http://a', title: null }, passage),
    ).toMatchObject({ url_citation: { url: 'http://a', title: '' } })
  })

  it('keeps places in documents under their own name', () => {
    const citation = {
      type: 'page_location',
      document_index: 0,
      start_page_number: 1,
      end_page_number: 2,
    }
    expect(mapAnnotation(citation, passage)).toEqual({
      type: 'page_location',
      page_location: citation,
    })
  })

  it('leaves out what is no citation', () => {
    expect([null, 'x', {}].map((value) => mapAnnotation(value, passage))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
