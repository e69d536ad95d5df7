import { expect, it } from 'vitest'
import { readCitations } from './citations.ts'

const citation = (url: string, title: string, start_index: number, end_index: number) => ({
  type: 'url_citation',
  url_citation: { url, title, start_index, end_index },
})

it('counts characters where the provider counts bytes', () => {
  const text = 'Zürich 😀 liegt hier. Ende.'
  const end = Buffer.byteLength('Zürich 😀 liegt hier.')
  const grounding = {
    groundingChunks: [
      { web: { uri: 'https://a.test', title: 'A' } },
      { retrievedContext: { uri: 'https://b.test' } },
      { other: {} },
    ],
    groundingSupports: [
      { segment: { endIndex: end }, groundingChunkIndices: [0, 1, 2, 9] },
      { segment: { startIndex: end + 1, endIndex: end + 6 }, groundingChunkIndices: [1] },
      { segment: {} },
    ],
  }
  expect(readCitations(grounding, text)).toEqual([
    citation('https://a.test', 'A', 0, text.indexOf(' Ende')),
    citation('https://b.test', 'https://b.test', 0, text.indexOf(' Ende')),
    citation('https://b.test', 'https://b.test', text.indexOf('Ende'), text.length),
  ])
})

it('cites a source without passages for the whole answer', () => {
  expect(
    readCitations({ groundingChunks: [{ web: { uri: 'https://a.test', title: 'A' } }] }, 'abc'),
  ).toEqual([citation('https://a.test', 'A', 0, 3)])
  expect(readCitations(undefined, 'abc')).toEqual([])
  expect(readCitations({ webSearchQueries: ['x'] }, 'abc')).toEqual([])
})
