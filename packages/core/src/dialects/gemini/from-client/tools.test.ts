import { describe, expect, it } from 'vitest'
import type { Extensions } from './fields.ts'
import { readToolChoice, readTools } from './tools.ts'

const toolsOf = (tools: unknown, extensions: Extensions = {}) =>
  readTools({ value: { tools }, path: '' }, extensions)
const choiceOf = (functionCallingConfig: unknown, extensions: Extensions = {}) =>
  readToolChoice({ value: { toolConfig: { functionCallingConfig } }, path: '' }, extensions)

describe('readTools', () => {
  it('reads functions in both kinds of schema', () => {
    const parametersJsonSchema = {
      type: 'object',
      properties: { a: { type: ['string', 'null'] } },
      additionalProperties: false,
    }
    const functionDeclarations = [
      {
        name: 'own',
        description: 'd',
        parameters: { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
      },
      { name: 'json', parametersJsonSchema },
      { name: 'none' },
    ]
    expect(toolsOf([{ functionDeclarations }])).toEqual([
      {
        kind: 'function',
        name: 'own',
        description: 'd',
        parameters: { type: 'object', properties: { a: { type: 'string' } } },
      },
      { kind: 'function', name: 'json', parameters: parametersJsonSchema },
      { kind: 'function', name: 'none' },
    ])
  })

  it('keeps the tools the provider runs itself, each on its own', () => {
    expect(
      toolsOf([
        {
          functionDeclarations: [{ name: 'f' }],
          googleSearch: {},
          code_execution: {},
          urlContext: null,
        },
        { newTool: { x: 1 } },
      ]),
    ).toEqual([
      { kind: 'function', name: 'f' },
      { kind: 'extension', name: 'googleSearch', value: { googleSearch: {} } },
      { kind: 'extension', name: 'code_execution', value: { code_execution: {} } },
      { kind: 'extension', name: 'newTool', value: { newTool: { x: 1 } } },
    ])
  })

  it('loses nothing silently', () => {
    const extensions: Extensions = {}
    toolsOf(
      [
        {
          functionDeclarations: [{ name: 'f', behavior: 'BLOCKING', response: { type: 'STRING' } }],
        },
      ],
      extensions,
    )
    expect(extensions).toEqual({
      'tools.functionDeclarations.behavior': 'BLOCKING',
      'tools.functionDeclarations.response': { type: 'STRING' },
    })
  })

  it.each([
    ['x', 'tools must be an object, got the string "x".'],
    [
      [{ functionDeclarations: [{}] }],
      'tools[0].functionDeclarations[0].name is missing: it must be a non-empty string.',
    ],
    [
      [{ function_declarations: [{ name: 'f', parameters: [] }] }],
      'tools[0].function_declarations[0].parameters must be an object, got an empty array.',
    ],
  ])('names what is wrong with %j', (tools, message) => {
    expect(() => toolsOf(tools)).toThrow(message)
  })
})

describe('readToolChoice', () => {
  it.each([
    [{ mode: 'AUTO' }, { mode: 'auto' }],
    [{ mode: 'NONE' }, { mode: 'none' }],
    [{ mode: 'ANY' }, { mode: 'required' }],
    [
      { mode: 'ANY', allowedFunctionNames: ['f'] },
      { mode: 'tool', name: 'f' },
    ],
    [
      { mode: 'ANY', allowed_function_names: ['f', 'g'] },
      { mode: 'allowed', required: true, names: ['f', 'g'] },
    ],
    [{ mode: 'MODE_UNSPECIFIED' }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('%j is %j', (config, choice) => {
    expect(choiceOf(config)).toEqual(choice)
  })

  it('takes VALIDATED for AUTO, and says so', () => {
    const extensions: Extensions = {}
    expect(choiceOf({ mode: 'VALIDATED' }, extensions)).toEqual({ mode: 'auto' })
    expect(choiceOf({ mode: 'VALIDATED', allowedFunctionNames: ['f'] })).toEqual({
      mode: 'allowed',
      required: false,
      names: ['f'],
    })
    expect(Object.keys(extensions)).toEqual(['toolConfig.functionCallingConfig.mode (VALIDATED)'])
  })

  it('keeps what else is configured', () => {
    const extensions: Extensions = {}
    const toolConfig = {
      retrievalConfig: { languageCode: 'de' },
      functionCallingConfig: { mode: 'AUTO', streamFunctionCallArguments: true },
    }
    readToolChoice({ value: { tool_config: toolConfig }, path: '' }, extensions)
    expect(extensions).toEqual({
      'toolConfig.retrievalConfig': { languageCode: 'de' },
      'toolConfig.functionCallingConfig.streamFunctionCallArguments': true,
    })
  })

  it.each([
    [
      { mode: 'SOMETIMES' },
      'toolConfig.functionCallingConfig.mode must be "AUTO", "ANY", "NONE" or "VALIDATED", got the string "SOMETIMES".',
    ],
    [
      { mode: 'ANY', allowedFunctionNames: [1] },
      'toolConfig.functionCallingConfig.allowedFunctionNames must be an array of strings, got an array.',
    ],
  ])('names what is wrong with %j', (config, message) => {
    expect(() => choiceOf(config)).toThrow(message)
  })
})
