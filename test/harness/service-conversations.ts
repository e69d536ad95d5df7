import type { ClientReading } from './client-apis.ts'
import { PIXEL_PNG as PIXEL } from './pictures.ts'
import type { ClientApi } from './shared-cases.ts'

export const THOUGHT = 'let me think'
/** 72 characters, as tools of an MCP server are called. */
export const LONG_TOOL = 'mcp__plugin_enterprise-database-management__synchronize-all-customer-data'
/** Begins with a digit, which some services refuse. */
export const DIGIT_TOOL = '3d_view'
export const CUSTOM_TOOL = 'apply_patch'
export const PATCH = '*** Begin Patch\n"quoted" \\ {}\n*** End Patch'

/**
 * Two turns as a client of this API has them: instructions twice, tools of every kind, pictures in
 * results.
 */
export interface TwoTurns {
  /** Tools in the order of their definition. */
  readonly toolNames: readonly string[]
  opening(): Record<string, unknown>
  /** The request after this answer, which is echoed as the SDK gave it. */
  next(answer: ClientReading): Record<string, unknown>
}

const functions = [LONG_TOOL, DIGIT_TOOL]
const schema = { type: 'object', properties: {} }

const chatTools = [
  {
    type: 'function',
    function: {
      name: LONG_TOOL,
      strict: true,
      parameters: { ...schema, required: [], additionalProperties: false },
    },
  },
  { type: 'function', function: { name: DIGIT_TOOL } },
  {
    type: 'custom',
    custom: {
      name: CUSTOM_TOOL,
      description: 'freeform',
      format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: /.+/s' } },
    },
  },
]
const picture = `data:image/png;base64,${PIXEL}`

const chat: TwoTurns = {
  toolNames: [...functions, CUSTOM_TOOL],
  opening: () => ({ messages: chatOpening, tools: chatTools, max_completion_tokens: 100 }),
  next({ raw }) {
    const { message } = (
      raw as { choices: readonly { message: { tool_calls: readonly { id: string }[] } }[] }
    ).choices[0] as { message: { tool_calls: readonly { id: string }[] } }
    const results = message.tool_calls.map(({ id }, at) => ({
      role: 'tool',
      tool_call_id: id,
      content:
        at === 0
          ? [
              { type: 'text', text: 'shot' },
              { type: 'image_url', image_url: { url: picture } },
            ]
          : 'ok',
    }))
    return {
      messages: [
        ...chatOpening,
        message,
        ...results,
        { role: 'system', content: 'be kind' },
        {
          role: 'user',
          name: 'ann',
          content: [
            { type: 'text', text: 'go' },
            { type: 'text', text: 'on' },
          ],
        },
      ],
      tools: chatTools,
      max_completion_tokens: 100,
    }
  },
}
const chatOpening = [
  { role: 'developer', content: 'be brief' },
  {
    role: 'system',
    content: [
      { type: 'text', text: 'be' },
      { type: 'text', text: 'true' },
    ],
  },
  { role: 'user', content: 'hello' },
]

const responsesTools = [
  {
    type: 'function',
    name: LONG_TOOL,
    parameters: { ...schema, required: [], additionalProperties: false },
    strict: true,
  },
  { type: 'function', name: DIGIT_TOOL, parameters: schema, strict: false },
  {
    type: 'custom',
    name: CUSTOM_TOOL,
    description: 'freeform',
    format: { type: 'grammar', syntax: 'lark', definition: 'start: /.+/s' },
  },
]
const responsesOpening = [
  { role: 'developer', content: 'be brief' },
  { role: 'user', content: 'hello' },
]
const responses: TwoTurns = {
  toolNames: [...functions, CUSTOM_TOOL],
  opening: () => ({
    instructions: 'be true',
    input: responsesOpening,
    tools: responsesTools,
    include: ['reasoning.encrypted_content'],
  }),
  next({ raw }) {
    const { output } = raw as { output: readonly { type: string; call_id?: string }[] }
    const results = output.flatMap(({ type, call_id: id }): object[] => {
      if (type === 'function_call')
        return [
          {
            type: 'function_call_output',
            call_id: id,
            output: [
              { type: 'input_text', text: 'shot' },
              { type: 'input_image', image_url: picture },
            ],
          },
        ]
      return type === 'custom_tool_call'
        ? [{ type: 'custom_tool_call_output', call_id: id, output: 'ok' }]
        : []
    })
    return {
      instructions: 'be true',
      input: [...responsesOpening, ...output, ...results, { role: 'user', content: 'go on' }],
      tools: responsesTools,
      include: ['reasoning.encrypted_content'],
    }
  },
}

const anthropicTools = functions.map((name) => ({ name, input_schema: schema }))
const anthropicSystem = [
  { type: 'text', text: 'be brief' },
  { type: 'text', text: 'be true' },
]
const anthropic: TwoTurns = {
  toolNames: functions,
  opening: () => ({
    system: anthropicSystem,
    messages: [{ role: 'user', content: 'hello' }],
    tools: anthropicTools,
  }),
  next({ raw }) {
    const { content } = raw as { content: readonly { type: string; id?: string }[] }
    const image = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: PIXEL },
    }
    const results = content.flatMap(({ type, id }) =>
      type === 'tool_use'
        ? [
            {
              type: 'tool_result',
              tool_use_id: id,
              content: [{ type: 'text', text: 'shot' }, image],
            },
          ]
        : [],
    )
    return {
      system: anthropicSystem,
      messages: [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content },
        {
          role: 'user',
          content: [...results, { type: 'text', text: 'go' }, { type: 'text', text: 'on' }],
        },
      ],
      tools: anthropicTools,
    }
  },
}

/**
 * The names that this API allows: up to 64 letters, digits, dots and colons, and no digit first.
 */
const geminiNames = ['db:customers.synchronize', 'view']
const geminiTools = [
  { functionDeclarations: geminiNames.map((name) => ({ name, description: name })) },
]
const gemini: TwoTurns = {
  toolNames: geminiNames,
  opening: () => ({
    contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
    config: {
      systemInstruction: { parts: [{ text: 'be brief' }, { text: 'be true' }] },
      tools: geminiTools,
    },
  }),
  next({ raw }) {
    const parts = (
      raw as readonly {
        candidates?: readonly {
          content?: { parts?: readonly { functionCall?: { id?: string; name?: string } }[] }
        }[]
      }[]
    ).flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? [])
    const results: object[] = parts.flatMap(({ functionCall: call }) =>
      call === undefined
        ? []
        : [{ functionResponse: { ...call, args: undefined, response: { output: 'ok' } } }],
    )
    const contents = [
      { role: 'user', parts: [{ text: 'hello' }] },
      { role: 'model', parts },
      { role: 'user', parts: [...results, { text: 'go on' }] },
    ]
    return {
      contents,
      config: {
        systemInstruction: { parts: [{ text: 'be brief' }, { text: 'be true' }] },
        tools: geminiTools,
      },
    }
  },
}

export const conversations: Readonly<Record<ClientApi, TwoTurns>> = {
  chat,
  responses,
  anthropic,
  gemini,
}
