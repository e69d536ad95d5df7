import { describe, expect, it } from 'vitest'
import type { Conversation, ResponseFormat } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'
import { findModelRules } from './models.ts'
import { planFormat } from './response-format.ts'

const schema = {
  type: 'object',
  properties: { city: { type: 'string', minLength: 1 } },
  required: ['city'],
}
const map = { type: 'object', additionalProperties: { type: 'number' } }
const format = (value: Record<string, unknown>): ResponseFormat => ({
  type: 'json_schema',
  name: 'place',
  schema: value,
})

function plan(
  model: string,
  responseFormat: ResponseFormat,
  conversation: Partial<Conversation> = {},
) {
  const context: RequestContext = { provider: 'claude', rules: findModelRules(model), dropped: [] }
  const whole: Conversation = {
    origin: 'openai-chat',
    messages: [],
    tools: [],
    sampling: {},
    extensions: {},
    responseFormat,
    ...conversation,
  }
  return { ...planFormat(whole, context), dropped: context.dropped }
}

describe('planFormat', () => {
  it('has the decoder enforce the schema where the model can', () => {
    expect(plan('claude-haiku-4-5', format(schema))).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { city: { type: 'string', description: '(minLength: 1)' } },
          required: ['city'],
          additionalProperties: false,
        },
      },
      dropped: ['response_format.json_schema.schema (not enforced: minLength)'],
    })
  })

  it('forces a tool on older models, with the whole schema', () => {
    expect(plan('claude-3-5-haiku-latest', format(schema))).toEqual({
      tool: {
        name: 'postern_json_answer',
        description: 'Gives the final answer to the user as place.',
        input_schema: schema,
      },
      dropped: [],
    })
  })

  it('forces a tool for what the decoder cannot express, and makes do where a tool cannot be forced', () => {
    expect(plan('claude-haiku-4-5', format(map)).tool).toMatchObject({ input_schema: map })
    expect(plan('claude-haiku-4-5', format({})).tool).toMatchObject({
      input_schema: { type: 'object' },
    })
    expect(plan('claude-opus-5-5', format(map))).toMatchObject({
      format: { type: 'json_schema' },
      dropped: ['response_format.json_schema.schema (open or recursive parts are closed)'],
    })
  })

  it('yields to a tool call the client forces', () => {
    const conversation: Partial<Conversation> = {
      tools: [{ kind: 'function', name: 'look' }],
      toolChoice: { mode: 'required' },
    }
    expect(plan('claude-3-5-haiku-latest', format(schema), conversation)).toEqual({
      dropped: ['response_format (a tool call is forced)'],
    })
  })

  it('reports JSON without a schema, and has nothing to say on text', () => {
    expect(plan('claude-haiku-4-5', { type: 'json_object' })).toEqual({
      dropped: ['response_format (json_object is left to the prompt)'],
    })
    expect(plan('claude-haiku-4-5', { type: 'text' })).toEqual({ dropped: [] })
  })
})
