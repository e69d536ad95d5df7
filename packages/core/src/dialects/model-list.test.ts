import { describe, expect, it } from 'vitest'
import { renderModels } from './index.ts'

const usable = {
  routes: ['support'],
  models: ['claude/opus', 'gpu/org/model'],
  created: 1_700_000_000,
}
const names = ['support', 'claude/opus', 'gpu/org/model']

function asked(headers: Record<string, string> = {}, path = '/v1/models') {
  return { path, header: (name: string): string | undefined => headers[name] }
}

describe('the list of models', () => {
  it('has OpenAI\u2019s format by default', () => {
    expect(renderModels(usable, asked())).toEqual({
      object: 'list',
      data: [
        { id: 'support', object: 'model', created: 1_700_000_000, owned_by: 'postern' },
        { id: 'claude/opus', object: 'model', created: 1_700_000_000, owned_by: 'claude' },
        { id: 'gpu/org/model', object: 'model', created: 1_700_000_000, owned_by: 'gpu' },
      ],
    })
  })

  it('has Anthropic\u2019s format for its clients', () => {
    expect(renderModels(usable, asked({ 'anthropic-version': '2026-10-21' }))).toEqual({
      data: names.map((id) => ({
        type: 'model',
        id,
        display_name: id,
        created_at: '2023-11-14T22:13:20.000Z',
      })),
      has_more: false,
      first_id: 'support',
      last_id: 'gpu/org/model',
    })
    expect(
      renderModels(
        { ...usable, routes: [], models: [] },
        asked({ 'anthropic-version': '2023-06-01' }),
      ),
    ).toEqual({ data: [], has_more: false, first_id: null, last_id: null })
  })

  it('has Google\u2019s format for its clients, in every version of the path', () => {
    const list = {
      models: names.map((id) => ({
        name: `models/${id}`,
        displayName: id,
        supportedGenerationMethods: [
          'generateContent',
          'streamGenerateContent',
          'countTokens',
          'embedContent',
          'batchEmbedContents',
        ],
      })),
    }
    expect(renderModels(usable, asked({}, '/v1beta/models'))).toEqual(list)
    expect(renderModels(usable, asked({ 'x-goog-api-key': 'k' }))).toEqual(list)
  })
})
