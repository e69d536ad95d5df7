import { expect, it } from 'vitest'
import { readLogprobs } from './logprobs.ts'

it('gives chosen tokens with their alternatives', () => {
  expect(
    readLogprobs({
      chosenCandidates: [{ token: 'Hi', tokenId: 1, logProbability: -0.1 }, { token: '!' }],
      topCandidates: [
        {
          candidates: [
            { token: 'Hi', logProbability: -0.1 },
            { token: 'Ho', logProbability: -2 },
          ],
        },
      ],
    }),
  ).toEqual({
    content: [
      {
        token: 'Hi',
        logprob: -0.1,
        bytes: null,
        top_logprobs: [
          { token: 'Hi', logprob: -0.1, bytes: null },
          { token: 'Ho', logprob: -2, bytes: null },
        ],
      },
      { token: '!', logprob: 0, bytes: null, top_logprobs: [] },
    ],
    refusal: null,
  })
})

it('gives nothing for no tokens', () => {
  expect(readLogprobs(undefined)).toBeUndefined()
  expect(readLogprobs({ chosenCandidates: [] })).toBeUndefined()
})
