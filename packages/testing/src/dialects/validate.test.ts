import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { objectIn } from '../json.ts'
import { loadRecordings } from '../recordings.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import type { FakeDialect } from './dialect.ts'
import { gemini } from './gemini.ts'
import { openaiChat } from './openai-chat.ts'

function problem(
  dialect: FakeDialect,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): string | undefined {
  const model = typeof body['model'] === 'string' ? body['model'] : 'm'
  return dialect.validate({
    body,
    model,
    headers: { 'anthropic-version': '2023-06-01', ...headers },
  })?.message
}

const schema = { type: 'object', properties: { city: { type: 'string' } } }

describe('OpenAI chat', () => {
  const user = { role: 'user', content: 'Hi' }
  const calling = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
  }
  const result = { role: 'tool', tool_call_id: 'a', content: 'ok' }
  const tools = [{ type: 'function', function: { name: 'f', parameters: schema } }]
  const check = (body: Record<string, unknown>) =>
    problem(openaiChat, { model: 'm', messages: [user], ...body })

  it.each([
    [{}],
    [
      {
        messages: [
          { role: 'developer', content: [{ type: 'text', text: 'a' }] },
          user,
          calling,
          result,
          { role: 'assistant', content: '' },
        ],
        tools,
        tool_choice: 'auto',
      },
    ],
    [
      {
        stream: true,
        stream_options: { include_usage: true },
        max_completion_tokens: 5,
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
      },
    ],
  ])('accepts %j', (body) => expect(check(body)).toBeUndefined())

  it.each([
    [{ messages: undefined }, 'Missing required parameter'],
    [{ messages: [] }, 'minimum length 1'],
    [{ model: '' }, 'model parameter'],
    [{ temprature: 1 }, 'Unrecognized request argument supplied: temprature'],
    [{ messages: [{ role: 'model', content: 'a' }] }, "'model' is not one of"],
    [{ messages: [user, result] }, 'must be a response'],
    [{ messages: [user, calling] }, 'did not have response messages: a'],
    [{ messages: [user, calling, user] }, 'did not have response messages: a'],
    [{ messages: [user, calling, { ...result, tool_call_id: 'b' }] }, 'must be a response'],
    [{ messages: [user, { role: 'assistant', content: null }] }, 'got null'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', image: 'x' }] }] },
      "'image' is not a supported part",
    ],
    [
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: {} }] }] },
      'only allowed for messages with role',
    ],
    [
      {
        messages: [
          user,
          {
            ...calling,
            tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: {} } }],
          },
          result,
        ],
      },
      'expected a string',
    ],
    [{ tools: [] }, 'empty array'],
    [{ tool_choice: 'auto' }, 'only allowed when'],
    [{ tools: [{ type: 'function', function: { name: 'a b' } }] }, 'does not match pattern'],
    [{ stream_options: { include_usage: true } }, "'stream' is enabled"],
    [{ max_tokens: 0 }, 'minimum value'],
    [{ max_tokens: 1, max_completion_tokens: 1 }, 'at the same time'],
    [{ response_format: { type: 'json_schema', json_schema: { schema } } }, 'json_schema.name'],
  ])('refuses %j', (body, message) => expect(check(body)).toContain(message))
})

describe('Anthropic Messages', () => {
  const user = { role: 'user', content: 'Hi' }
  const calling = {
    role: 'assistant',
    content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }],
  }
  const result = {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 'a', content: 'ok' }],
  }
  const tools = [{ name: 'f', input_schema: schema }]
  const check = (body: Record<string, unknown>, headers = {}) =>
    problem(anthropicMessages, { model: 'm', max_tokens: 2000, messages: [user], ...body }, headers)

  it.each([
    [{}],
    [
      {
        max_tokens: 0,
        system: [{ type: 'text', text: 'Be brief.' }],
        temperature: 0.5,
        metadata: { user_id: 'u' },
      },
    ],
    [
      {
        messages: [user, calling, result, { role: 'user', content: 'and?' }],
        tools,
        tool_choice: { type: 'tool', name: 'f' },
      },
    ],
    [
      {
        messages: [
          user,
          {
            role: 'assistant',
            content: [{ type: 'thinking', thinking: '', signature: 'S' }, ...calling.content],
          },
          result,
        ],
        thinking: { type: 'enabled', budget_tokens: 1024 },
      },
    ],
  ])('accepts %j', (body) => expect(check(body)).toBeUndefined())

  it.each([
    [{ max_tokens: undefined }, 'max_tokens: Field required'],
    [{ max_tokens: -1 }, 'greater than or equal to 0'],
    [{ seed: 1 }, 'seed: Extra inputs'],
    [{ messages: [] }, 'at least one message'],
    [{ messages: [{ role: 'system', content: 'a' }, user] }, 'Unexpected role "system"'],
    [{ messages: [{ role: 'tool', content: 'a' }] }, 'Unexpected role "tool"'],
    [{ messages: [{ role: 'assistant', content: 'a' }] }, 'first message must use'],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }, 'must be non-empty'],
    [
      {
        messages: [
          { role: 'user', content: '' },
          { role: 'assistant', content: 'x' },
        ],
      },
      'non-empty content',
    ],
    [{ system: [{ type: 'text', text: '' }] }, 'system: text content blocks'],
    [{ messages: [user, result] }, 'unexpected `tool_use_id`'],
    [{ messages: [user, calling] }, 'without `tool_result` blocks'],
    [{ messages: [user, calling, user] }, 'without `tool_result` blocks'],
    [
      {
        messages: [
          user,
          calling,
          { role: 'user', content: [{ type: 'text', text: 'a' }, ...result.content] },
        ],
      },
      'must come first',
    ],
    [
      {
        messages: [
          user,
          { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: '{}' }] },
          result,
        ],
      },
      'valid dictionary',
    ],
    [
      {
        messages: [
          user,
          { role: 'assistant', content: [{ type: 'thinking', thinking: 'a', signature: '' }] },
        ],
      },
      'signature: Field required',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      "'image_url' found using",
    ],
    [
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'base64', media_type: 'image/tiff', data: '' } },
            ],
          },
        ],
      },
      'media_type',
    ],
    [{ tools: [{ name: 'f' }] }, 'input_schema: Field required'],
    [{ tools: [{ name: 'f', input_schema: {} }] }, 'input_schema.type'],
    [{ tool_choice: { type: 'auto' } }, 'while providing tools'],
    [{ tools, tool_choice: 'auto' }, 'should be an object'],
    [{ tools, tool_choice: { type: 'tool', name: 'g' } }, "'g' not found"],
    [{ tools, tool_choice: { type: 'any' }, thinking: { type: 'adaptive' } }, 'forces tool use'],
    [{ thinking: { type: 'enabled', budget_tokens: 500 } }, 'equal to 1024'],
    [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, 'must be greater than'],
    [{ stop_sequences: [' '] }, 'non-whitespace'],
    [{ temperature: 1.5 }, 'range: 0..1'],
    [{ metadata: { user_id: 'u', team: 't' } }, 'metadata.team'],
  ])('refuses %j', (body, message) => expect(check(body)).toContain(message))

  it('needs its version header, and follows it', () => {
    expect(anthropicMessages.validate({ body: {}, model: 'm', headers: {} })?.message).toContain(
      'anthropic-version',
    )
    const recent = { 'anthropic-version': '2026-10-21' }
    expect(check({ temperature: 1 }, recent)).toContain('temperature: Extra inputs')
    const instructed = { messages: [user, { role: 'system', content: 'a' }, user] }
    expect(check(instructed, recent)).toBeUndefined()
    expect(check(instructed)).toContain('Unexpected role "system"')
    expect(
      check(instructed, {
        'anthropic-beta': 'effort-2025-11-24,mid-conversation-tool-changes-2026-07-01',
      }),
    ).toBeUndefined()
  })
})

describe('Gemini', () => {
  const user = { role: 'user', parts: [{ text: 'Hi' }] }
  const calling = { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] }
  const result = {
    role: 'user',
    parts: [{ functionResponse: { name: 'f', response: { ok: true } } }],
  }
  const declare = (declaration: object) => ({
    tools: [{ functionDeclarations: [{ name: 'f', ...declaration }] }],
  })
  const check = (body: Record<string, unknown>) =>
    gemini.validate({ body: { contents: [user], ...body }, model: 'gemini-2.5-flash', headers: {} })
      ?.message

  it.each([
    [
      {
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        generationConfig: {
          temperature: 1,
          responseMimeType: 'application/json',
          responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
        },
      },
    ],
    [
      {
        contents: [user, calling, result],
        ...declare({
          parametersJsonSchema: { $schema: 'x', ...schema, additionalProperties: false },
        }),
      },
    ],
    [
      {
        ...declare({ parameters: schema }),
        toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
      },
    ],
  ])('accepts %j', (body) => expect(check(body)).toBeUndefined())

  it.each([
    [{ stream_options: {} }, 'Unknown name "stream_options"'],
    [{ contents: [] }, 'contents is not specified'],
    [{ contents: [{ role: 'user', parts: [] }] }, 'must not be empty'],
    [{ contents: [{ role: 'assistant', parts: [{ text: 'a' }] }] }, 'valid role'],
    [{ contents: [{ role: 'model', parts: [{ text: 'a' }] }] }, 'first content'],
    [{ contents: [{ role: 'user', parts: [{}] }] }, "oneof field 'data'"],
    [
      { contents: [{ role: 'user', parts: [{ text: 'a', inlineData: {} }] }] },
      "oneof field 'data'",
    ],
    [{ contents: [{ role: 'user', parts: [{ inline_date: {} }] }] }, 'Unknown name "inline_date"'],
    [
      {
        contents: [
          user,
          { role: 'model', parts: [{ functionCall: { name: 'f', arguments: {} } }] },
        ],
      },
      'Unknown name "arguments"',
    ],
    [
      { contents: [user, { role: 'model', parts: [{ functionCall: { name: 'f', args: '{}' } }] }] },
      'functionCall.args',
    ],
    [
      {
        contents: [
          user,
          calling,
          { role: 'user', parts: [{ functionResponse: { name: 'f', response: 'ok' } }] },
        ],
      },
      'functionResponse.response',
    ],
    [{ contents: [user, result] }, 'number of function response parts'],
    [{ contents: [user, calling, user] }, 'number of function response parts'],
    [{ contents: [user, calling] }, 'immediately after a function call turn'],
    [
      {
        contents: [
          user,
          calling,
          { role: 'user', parts: [{ functionResponse: { name: 'g', response: {} } }] },
        ],
      },
      'no function call of that name',
    ],
    [{ generationConfig: { max_tokens: 1 } }, 'Unknown name "max_tokens"'],
    [{ generationConfig: { responseSchema: schema } }, 'only allowed with response mime type'],
    [{ generationConfig: { maxOutputTokens: 0 } }, 'must be positive'],
    [
      declare({ parameters: { ...schema, additionalProperties: false } }),
      'Unknown name "additionalProperties"',
    ],
    [declare({ parameters: { type: ['object', 'null'] } }), 'parameters.type'],
    [declare({ parameters: { type: 'object', properties: {} } }), 'non-empty for OBJECT type'],
    [
      declare({
        parameters: { type: 'object', properties: { a: { type: 'string', const: 'x' } } },
      }),
      'Unknown name "const"',
    ],
    [
      declare({
        parameters: { type: 'object', properties: { a: { type: 'integer', enum: [1] } } },
      }),
      'enum',
    ],
    [
      declare({ parameters: { type: 'object', properties: { a: { type: 'array' } } } }),
      'items: missing field',
    ],
    [declare({ parameters: { ...schema, required: ['town'] } }), "'town' is not defined"],
    [declare({ parameters: { anyOf: [{ $ref: '#/x' }] } }), 'Unknown name "$ref"'],
    [declare({ name: '1f' }), 'Invalid function name'],
    [
      {
        ...declare({}),
        toolConfig: { functionCallingConfig: { mode: 'AUTO', allowedFunctionNames: ['f'] } },
      },
      'ANY or VALIDATED',
    ],
    [
      {
        ...declare({}),
        toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['g'] } },
      },
      "'g' is not declared",
    ],
  ])('refuses %j', (body, message) => expect(check(body)).toContain(message))

  it('asks newer models for the signature of a call of the current turn', () => {
    const signed = {
      role: 'model',
      parts: [
        { functionCall: { name: 'f' }, thoughtSignature: 'S' },
        { functionCall: { name: 'f' } },
      ],
    }
    const results = { role: 'user', parts: [...result.parts, ...result.parts] }
    const recent = (contents: object[]) =>
      gemini.validate({ body: { contents }, model: 'gemini-3-pro', headers: {} })?.message
    expect(recent([user, calling, result])).toContain('missing a thought_signature')
    expect(recent([user, signed, results])).toBeUndefined()
    expect(
      recent([user, calling, result, { role: 'model', parts: [{ text: 'a' }] }, user]),
    ).toBeUndefined()
  })
})

const folder = fileURLToPath(new URL('../../../../../shared/recordings', import.meta.url))
const isMissing = !existsSync(folder) && process.env['REQUIRE_RECORDINGS'] !== '1'

describe('what real providers accepted', () => {
  it.skipIf(isMissing).each([openaiChat, anthropicMessages, gemini])(
    '$name is accepted (needs the recordings beside the project)',
    (dialect) => {
      const accepted = loadRecordings(`${folder}/${dialect.name}`).filter(
        (recording) => recording.status === 200 && recording.request !== undefined,
      )
      expect(accepted.length).toBeGreaterThan(5)
      const refused = accepted.flatMap((recording) => {
        const message = problem(dialect, objectIn(recording.request?.body))
        return message === undefined ? [] : [`${recording.name}: ${message}`]
      })
      expect(refused).toEqual([])
    },
  )
})

describe('what real clients send', () => {
  const person = {
    type: 'OBJECT',
    properties: { first_name: { type: 'STRING', max_length: 9 } },
    required: ['first_name'],
  }
  const snake = {
    system_instruction: { parts: [{ text: 'Be brief.' }] },
    contents: [
      {
        role: 'user',
        parts: [{ text: 'Hi' }, { inline_data: { mime_type: 'image/png', data: 'aGk=' } }],
      },
      { role: 'model', parts: [{ function_call: { name: 'f', args: { some_key: 1 } } }] },
      { role: 'user', parts: [{ function_response: { name: 'f', response: { some_key: 2 } } }] },
    ],
    tools: [{ function_declarations: [{ name: 'f', parameters: person }] }],
    tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f'] } },
    generation_config: {
      max_output_tokens: 5,
      response_mime_type: 'application/json',
      response_schema: person,
    },
    safety_settings: [],
  }
  const headers = {}

  it('is taken by the fake of Gemini in snake case, read as in camel case, and names of the caller stay', () => {
    expect(gemini.validate({ body: snake, model: 'gemini-2.5-flash', headers })).toBeUndefined()
    const view = gemini.read(snake, {
      operation: 'answer',
      model: 'gemini-2.5-flash',
      transport: 'json',
    })
    expect(view).toMatchObject({
      mustCallTool: true,
      wantsJson: true,
      tools: [{ name: 'f' }],
      responseSchema: { properties: { first_name: { maxLength: 9 } } },
    })
    expect(view.toolResults.join()).toContain('some_key')
    expect(
      gemini.validate({
        body: { ...snake, generation_config: { max_tokens: 5 } },
        model: 'gemini-2.5-flash',
        headers,
      })?.message,
    ).toContain('Unknown name "max_tokens"')
  })

  it('is taken by the fake of Anthropic with system messages in between, where the beta of Claude Code or a new version allows them', () => {
    const body = {
      model: 'm',
      max_tokens: 5,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Be brief.' },
      ],
    }
    const check = (more: Record<string, string>) =>
      anthropicMessages.validate({
        body,
        model: 'm',
        headers: { 'anthropic-version': '2023-06-01', ...more },
      })?.message
    expect(check({})).toContain('Unexpected role "system"')
    expect(
      check({ 'anthropic-beta': 'claude-code-20250219, mid-conversation-system-2026-04-07' }),
    ).toBeUndefined()
    expect(check({ 'anthropic-version': '2026-10-21' })).toBeUndefined()
  })
})
