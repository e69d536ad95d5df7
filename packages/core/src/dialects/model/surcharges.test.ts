import { describe, expect, it } from 'vitest'
import { listSurcharges } from './surcharges.ts'

describe('surcharges of a request', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'a plain request',
      {
        messages: [],
        temperature: 1,
        n: 3,
        reasoning_effort: 'high',
        service_tier: 'auto',
        modalities: ['text'],
      },
      [],
    ],
    [
      'functions',
      {
        tools: [
          { type: 'function', function: { name: 'a' } },
          { type: 'custom', name: 'b' },
          { name: 'c', input_schema: {} },
          { functionDeclarations: [] },
          { type: 'bash_20250124', name: 'bash' },
        ],
      },
      [],
    ],
    ['cheaper tiers', { service_tier: 'flex' }, []],
    ['a faster tier', { service_tier: 'priority' }, ['service_tier']],
    ['an unknown tier', { service_tier: 'ultra' }, ['service_tier']],
    ['fast answers of Anthropic', { speed: 'fast' }, ['speed']],
    ['a place', { inference_geo: 'us' }, ['inference_geo']],
    ['a prediction', { prediction: { type: 'content', content: 'x' } }, ['prediction']],
    ['searching the web', { web_search_options: {} }, ['web_search_options']],
    ['sound', { modalities: ['text', 'audio'] }, ['modalities']],
    [
      'pictures of Gemini',
      { generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } },
      ['generationConfig.responseModalities'],
    ],
    [
      'tools of OpenAI',
      {
        tools: [
          { type: 'function', name: 'a' },
          { type: 'web_search_preview' },
          { type: 'code_interpreter', container: {} },
          { type: 'image_generation' },
        ],
      },
      ['tools[1]', 'tools[2]', 'tools[3]'],
    ],
    [
      'tools of a server that the provider calls, whose answers are read as input',
      { tools: [{ type: 'mcp', server_url: 'https://tools.example' }] },
      ['tools[0]'],
    ],
    [
      'tools of Anthropic',
      {
        tools: [
          { type: 'web_search_20250305', name: 'web_search' },
          { type: 'code_execution_20250825', name: 'code_execution' },
        ],
      },
      ['tools[0]', 'tools[1]'],
    ],
    [
      'tools of Gemini',
      { tools: [{ functionDeclarations: [] }, { googleSearch: {} }] },
      ['tools[1]'],
    ],
    [
      'tools in a namespace',
      {
        tools: [
          {
            type: 'namespace',
            name: 'a',
            tools: [{ type: 'function', name: 'b' }, { type: 'web_search' }],
          },
        ],
      },
      ['tools[0].tools[1]'],
    ],
    [
      'tools in the input',
      {
        input: [
          { role: 'user', content: 'x' },
          {
            type: 'additional_tools',
            role: 'developer',
            tools: [
              { type: 'function', name: 'a' },
              { type: 'image_generation' },
              { type: 'namespace', name: 'n', tools: [{ type: 'file_search' }] },
            ],
          },
        ],
      },
      ['input[1].tools[1]', 'input[1].tools[2].tools[0]'],
    ],
    ['objects with a toString of their own', { modalities: [{ toString: '' }] }, ['modalities']],
    ['what is no tool', { tools: 'all', modalities: 7, service_tier: 9 }, []],
  ])('in %s', (_, body, expected) => {
    expect(listSurcharges(body)).toEqual(expected)
  })
})
