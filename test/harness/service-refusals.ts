/** A request as a chat service gets it. */
export type ChatBody = Readonly<Record<string, unknown>> & {
  readonly messages: readonly ChatMessage[]
  readonly model: string
}
export type ChatMessage = Readonly<Record<string, unknown>> & { readonly role: string }

/** Says why the service refuses the request, in a few words; `undefined` where it does not. */
export type Refusal = (body: ChatBody) => string | undefined

/*
 * Fields that services refuse, from their documentation, recordings and users, kept separate from
 * the gateway's catalogue.
 */

const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? (value as Record<string, unknown>[]) : []
const callsOf = ({ tool_calls: calls }: ChatMessage) => listOf(calls)
const functionOf = (value: unknown) =>
  ((value as Record<string, unknown> | undefined)?.['function'] ?? {}) as Record<string, unknown>

const message =
  (refuses: (message: ChatMessage, body: ChatBody) => boolean, why: string): Refusal =>
  (body) => {
    const at = body.messages.findIndex((item) => refuses(item, body))
    return at === -1 ? undefined : `messages[${at}]: ${why}`
  }
const body =
  (refuses: (body: ChatBody) => boolean, why: string): Refusal =>
  (request) =>
    refuses(request) ? why : undefined

const REASONING = ['reasoning_content', 'reasoning', 'reasoning_details']
const messageField = (...fields: readonly string[]): Refusal =>
  message(
    (item) => fields.some((field) => field in item),
    `property unsupported: ${fields.join(', ')}`,
  )
const topField = (...fields: readonly string[]): Refusal =>
  body((request) => fields.some((field) => field in request), `unknown field: ${fields.join(', ')}`)
const onlyFields = (byRole: Readonly<Record<string, readonly string[]>>): Refusal =>
  message(
    (item) => Object.keys(item).some((field) => byRole[item.role]?.includes(field) !== true),
    'extra fields not permitted',
  )
const noDeveloper = message(({ role }) => role === 'developer', 'unknown variant `developer`')
const firstSystemOnly = message(
  (item, { messages }) => item.role === 'system' && item !== messages[0],
  'system message must be at the beginning, and one',
)
const strings = (...roles: readonly string[]): Refusal =>
  message(
    ({ role, content }) =>
      roles.includes(role) &&
      Array.isArray(content) &&
      listOf(content).every(({ type }) => type === 'text'),
    'content must be a string',
  )
const noNullBesideCalls = message(
  (item) => callsOf(item).length > 0 && typeof item['content'] !== 'string',
  'content must not be null',
)
const needsThoughts = (isThere: (text: unknown) => boolean, on: 'calls' | 'all'): Refusal =>
  message(
    (item, { tools }) =>
      item.role === 'assistant' &&
      (callsOf(item).length > 0 || (on === 'all' && listOf(tools).length > 0)) &&
      !isThere(item['reasoning_content']),
    'the reasoning_content must be passed back',
  )
const forced = ({ tool_choice: choice }: ChatBody): boolean =>
  choice === 'required' || (typeof choice === 'object' && choice !== null)

const anyText = (text: unknown): boolean => typeof text === 'string'
const someText = (text: unknown): boolean => typeof text === 'string' && text !== ''
const MISTRAL_ID = /^[a-zA-Z0-9]{9}$/

/**
 * Refused by every service: what stands in no interface of this kind but the original, or breaks
 * the order of messages.
 */
const everywhere: readonly Refusal[] = [
  message(
    ({ role }) => !['system', 'developer', 'user', 'assistant', 'tool'].includes(role),
    'unknown role',
  ),
  message(
    (item) => item.role === 'tool' && listOf(item['content']).some(({ type }) => type !== 'text'),
    'Image URLs are only allowed for messages with role user',
  ),
  message(
    (item, { messages }) =>
      item.role === 'tool' &&
      !messages.some((other) => callsOf(other).some(({ id }) => id === item['tool_call_id'])),
    'no call with this id',
  ),
  message((item, { messages }) => {
    const at = messages.indexOf(item)
    const answered = messages.slice(at + 1, at + 1 + callsOf(item).length)
    return callsOf(item).some(
      ({ id }) => !answered.some((other) => other.role === 'tool' && other['tool_call_id'] === id),
    )
  }, 'calls must be followed by their results'),
  message(
    (item) =>
      callsOf(item).some(
        (call) => call['type'] !== 'custom' && !nameFits(functionOf(call)['name'], 64),
      ),
    'function name too long',
  ),
  body(
    ({ tools }) =>
      listOf(tools).some(
        (tool) => tool['type'] === 'function' && !nameFits(functionOf(tool)['name'], 64),
      ),
    'function name too long',
  ),
  message(
    (item) => callsOf(item).some(({ extra_content: extra }) => extra !== undefined),
    'extra_content of another provider',
  ),
  message(
    (item) =>
      listOf(item['reasoning_details']).some(({ format }) =>
        [
          'anthropic-claude-v1',
          'google-gemini-v1',
          'openai-responses',
          'bedrock-converse',
        ].includes(String(format)),
      ),
    'signature of another provider',
  ),
]

const noCustomTools: Refusal = (request) =>
  listOf(request['tools']).some(({ type }) => type === 'custom') ||
  request.messages.some((item) => callsOf(item).some(({ type }) => type === 'custom'))
    ? 'unknown tool type `custom`'
    : undefined

function nameFits(name: unknown, max: number): boolean {
  return typeof name === 'string' && name.length <= max && /^[\w-]+$/.test(name)
}

const glm = [
  onlyFields({
    system: ['role', 'content'],
    user: ['role', 'content'],
    assistant: ['role', 'content', 'tool_calls', 'reasoning_content'],
    tool: ['role', 'content', 'tool_call_id'],
  }),
  body(forced, 'tool_choice only auto'),
]
const thinksUnless = (isOff: (request: ChatBody) => boolean): Refusal =>
  body(
    (request) => forced(request) && !isOff(request),
    'tool_choice is not supported while thinking',
  )
const thinkingOff = ({ thinking }: ChatBody): boolean =>
  (thinking as { type?: string } | undefined)?.type === 'disabled'

/** By service, beyond what every service refuses. */
const own: Readonly<Record<string, readonly Refusal[]>> = {
  openai: [
    topField('reasoning', 'max_tokens'),
    message((item) => callsOf(item).some(({ id }) => String(id).length > 40), 'id too long'),
  ],
  mistral: [
    onlyFields({
      system: ['role', 'content'],
      user: ['role', 'content'],
      assistant: ['role', 'content', 'tool_calls', 'prefix'],
      tool: ['role', 'content', 'tool_call_id', 'name'],
    }),
    message((item) => item['tool_calls'] === null, 'tool_calls null'),
    message(
      (item) => callsOf(item).some(({ id }) => !MISTRAL_ID.test(String(id))),
      'tool call id must be nine letters or digits',
    ),
    message(
      (item, { messages }) =>
        item.role === 'user' && messages[messages.indexOf(item) - 1]?.role === 'tool',
      'unexpected role user after role tool',
    ),
    topField('max_completion_tokens', 'stream_options', 'user', 'seed'),
  ],
  deepseek: [
    needsThoughts(anyText, 'all'),
    strings('tool', 'assistant'),
    body(
      ({ tools }) => listOf(tools).some((tool) => !nameFits(functionOf(tool)['name'], 60)),
      'name over 60',
    ),
    thinksUnless(thinkingOff),
  ],
  xai: [
    message(
      (item) => item['content'] === null || item['content'] === undefined,
      'each message must have at least one content element',
    ),
    message((item) => item.role !== 'user' && 'name' in item, 'name only on user messages'),
  ],
  perplexity: [
    firstSystemOnly,
    message(
      (item, { messages }) =>
        ['user', 'assistant'].includes(item.role) &&
        callsOf(item).length === 0 &&
        messages[messages.indexOf(item) - 1]?.role === item.role &&
        callsOf(messages[messages.indexOf(item) - 1] as ChatMessage).length === 0,
      'roles must alternate',
    ),
  ],
  moonshot: [
    needsThoughts(someText, 'calls'),
    noNullBesideCalls,
    body(
      ({ tools }) =>
        listOf(tools).some((tool) => !/^[a-zA-Z]/.test(String(functionOf(tool)['name']))),
      'name must begin with a letter',
    ),
    thinksUnless(thinkingOff),
  ],
  zai: glm,
  zhipu: glm,
  alibaba: [firstSystemOnly, thinksUnless((request) => request['enable_thinking'] === false)],
  minimax: [
    firstSystemOnly,
    body(
      ({ tools }) => listOf(tools).some((tool) => functionOf(tool)['parameters'] === undefined),
      'parameters missing',
    ),
    topField('max_tokens'),
  ],
  volcengine: [
    message(
      (item) => callsOf(item).length > 0 && !someText(item['content']),
      'MissingParameter: content',
    ),
  ],
  groq: [
    messageField(
      'reasoning_content',
      'reasoning_details',
      'name',
      'refusal',
      'annotations',
      'audio',
      'metadata',
    ),
    message(
      (item, { model }) => 'reasoning' in item && !/gpt-oss|qwen|deepseek-r1/.test(model),
      'reasoning is not supported with this model',
    ),
    topField('logprobs', 'logit_bias', 'top_logprobs'),
  ],
  together: [strings('tool', 'system', 'assistant')],
  fireworks: [
    onlyFields(
      Object.fromEntries(
        ['system', 'user', 'assistant', 'tool'].map((role) => [
          role,
          ['role', 'content', 'tool_calls', 'tool_call_id', 'name', 'reasoning_content'],
        ]),
      ),
    ),
  ],
  cerebras: [
    messageField('reasoning_content', 'reasoning_details'),
    body(
      ({ tools }) =>
        new Set(listOf(tools).map((tool) => functionOf(tool)['strict'] === true)).size > 1,
      'strict must be the same',
    ),
    topField('reasoning', 'enable_thinking', 'top_k'),
  ],
  nvidia: [topField('prompt_cache_key', 'reasoning', 'enable_thinking', 'store', 'metadata')],
  sambanova: [
    strings('tool', 'assistant', 'system', 'user'),
    topField('parallel_tool_calls', 'logprobs', 'n'),
  ],
  deepinfra: [strings('tool', 'assistant'), noNullBesideCalls],
  siliconflow: [
    (request) =>
      request.model.includes('Kimi') ? needsThoughts(someText, 'calls')(request) : undefined,
  ],
  cloudflare: [strings('tool', 'assistant', 'system', 'user'), noNullBesideCalls],
  databricks: [
    messageField(...REASONING, 'refusal', 'annotations', 'audio', 'metadata'),
    topField('stream_options'),
  ],
  snowflake: [topField('max_tokens')],
  // Not refused but lost without a word: only this field is read.
  ollama: [
    message(
      (item) => item.role === 'assistant' && 'reasoning_content' in item,
      'reasoning_content is ignored',
    ),
    topField('max_completion_tokens'),
  ],
  vllm: [
    firstSystemOnly,
    message((item) => 'reasoning_content' in item, 'reasoning_content is dropped'),
  ],
  'lm-studio': [
    firstSystemOnly,
    body((request) => typeof request['tool_choice'] === 'object', 'tool_choice must be a string'),
  ],
  'llama-cpp': [
    firstSystemOnly,
    body((request) => typeof request['tool_choice'] === 'object', 'tool_choice must be a string'),
  ],
  sglang: [firstSystemOnly],
}

const takesDeveloper: ReadonlySet<string> = new Set([
  'openai',
  'groq',
  'cerebras',
  'openrouter',
  'sglang',
])
const takesCustomTools: ReadonlySet<string> = new Set(['openai'])
const takesToolMedia: ReadonlySet<string> = new Set(['openrouter'])
const takesLongNames: ReadonlySet<string> = new Set(['baseten'])
/** Routers to the models of others know the proofs of those. */
const takesProofs: ReadonlySet<string> = new Set(['openrouter', 'vercel-ai-gateway'])

/** Everything the service refuses. Services with no rule of their own are as narrow as any. */
export function refusalsOf(service: string): readonly Refusal[] {
  const [roles, media, ids, order, namesInHistory, names, extra, proofs] = everywhere as [
    Refusal,
    Refusal,
    Refusal,
    Refusal,
    Refusal,
    Refusal,
    Refusal,
    Refusal,
  ]
  return [
    roles,
    ids,
    order,
    ...(takesToolMedia.has(service) ? [] : [media]),
    ...(takesLongNames.has(service) ? [] : [namesInHistory, names]),
    ...(takesProofs.has(service) ? [] : [extra, proofs]),
    ...(takesDeveloper.has(service) ? [] : [noDeveloper]),
    ...(takesCustomTools.has(service) ? [] : [noCustomTools]),
    ...(own[service] ?? []),
  ]
}

/** Services with rules of their own. */
export const servicesWithRules: readonly string[] = Object.keys(own)
