import type { Quirks } from '../../dialects/index.ts'

/*
 * Deviations of services that speak OpenAI's chat completions, above all in what they demand or
 * refuse inside a history. A row says only what its service documents, what was recorded, or what
 * several users report; a service without a row is spoken to with what all of them take.
 */

const noStreamOptions: Quirks = { noStreamOptions: true }

/**
 * The interface itself, for models of its maker. A deployment may also hold a model of another
 * maker, which refuses the role `developer`: where deployments are called, it is not said that the
 * role is understood, and `system` means the same.
 */
export const originalChat: Quirks = {
  customTools: true,
  toolIdLength: 40,
  maxTokensField: 'max_completion_tokens',
  // Chat completions refuse function tools of these models while they reason, and all but the first
  // of them reason unasked.
  toolsDialect: {
    dialect: 'openai-responses',
    models: ['gpt-5.4', 'gpt-5.5', 'gpt-5.6', 'gpt-5.7', 'gpt-5.8', 'gpt-5.9', 'gpt-6'],
    onlyWithEffort: ['gpt-5.4'],
  },
}

/** Bodies and messages are closed: a field that is not in the schema is refused with 422. */
const mistral: Quirks = {
  ...noStreamOptions,
  fieldNames: { seed: 'random_seed' },
  dropFields: [
    'user',
    'store',
    'logit_bias',
    'logprobs',
    'top_logprobs',
    'top_k',
    'safety_identifier',
    'verbosity',
    'web_search_options',
  ],
  messageFields: ['tool_calls', 'tool:tool_call_id', 'tool:name', 'assistant:prefix'],
  reasoningField: 'thinking_parts',
  reasoningModels: ['magistral'],
  alternates: 'bridge',
  shortToolIds: true,
  marksPrefill: true,
  embeddings: { dimensionsField: 'output_dimension' },
}

/**
 * It thinks unless told otherwise, and then demands its thoughts, or an empty text, in each turn of
 * the assistant.
 */
const deepseek: Quirks = {
  reasoningField: 'reasoning_content',
  reasoningFiller: { on: 'tools', text: '' },
  stringContent: ['tool', 'assistant'],
  toolNames: { max: 60 },
  forcedTools: { thinkingOff: { thinking: { type: 'disabled' } } },
}

/** An empty text counts as missing thoughts here: one space does not. */
const kimi: Quirks = {
  reasoningField: 'reasoning_content',
  reasoningFiller: { on: 'calls', text: ' ' },
}
const moonshot: Quirks = {
  ...kimi,
  contentWithCalls: 'empty',
  toolNames: { startsWithLetter: true },
  forcedTools: { thinkingOff: { thinking: { type: 'disabled' } } },
}

const glm: Quirks = {
  reasoningField: 'reasoning_content',
  messageFields: ['tool_calls', 'tool_call_id', 'reasoning_content'],
  forcedTools: 'never',
}
/** The templates of these models put the system message first, and know one. */
const oneSystem: Quirks = { oneSystem: true }
const reasoning: Quirks = { reasoningField: 'reasoning' }
const router: Quirks = { relaysSignatures: true, developerRole: true }

/** By the name of the service in the catalogue. */
export const compatibility: Readonly<Record<string, Quirks>> = {
  openai: { exact: true, developerRole: true, ...originalChat },

  mistral,
  deepseek,
  xai: {
    contentWithCalls: 'empty',
    messageFields: ['user:name', 'tool_calls', 'tool_call_id', 'reasoning_content'],
    reasoningField: 'reasoning_content',
    dropFields: ['search_parameters'],
  },
  perplexity: { oneSystem: true, alternates: 'merge', stringContent: ['assistant', 'system'] },
  moonshot,
  zai: glm,
  zhipu: glm,
  alibaba: {
    ...oneSystem,
    reasoningField: 'reasoning_content',
    forcedTools: { thinkingOff: { enable_thinking: false } },
  },
  minimax: {
    ...oneSystem,
    reasoningField: 'reasoning_details',
    toolSchema: 'complete',
    maxTokensField: 'max_completion_tokens',
  },
  volcengine: { reasoningField: 'reasoning_content', contentWithCalls: 'space' },

  groq: {
    reasoningField: 'reasoning',
    reasoningModels: ['gpt-oss', 'qwen', 'deepseek-r1'],
    developerRole: true,
    messageFields: ['tool_calls', 'tool_call_id', 'reasoning'],
    dropFields: ['logprobs', 'top_logprobs', 'logit_bias'],
  },
  together: { ...reasoning, stringContent: ['tool', 'system', 'assistant'] },
  fireworks: {
    reasoningField: 'reasoning_content',
    messageFields: ['tool_calls', 'tool_call_id', 'name', 'reasoning_content'],
    oneSystem: ['qwen'],
  },
  openrouter: { ...router, toolMedia: true },
  cerebras: {
    ...reasoning,
    developerRole: true,
    messageFields: ['tool_calls', 'tool_call_id', 'name', 'reasoning'],
    toolSchema: 'same-strict',
    dropFields: ['top_k', 'reasoning', 'enable_thinking'],
  },
  nvidia: {
    reasoningField: 'reasoning_content',
    dropFields: [
      'prompt_cache_key',
      'reasoning',
      'enable_thinking',
      'reasoning_budget',
      'store',
      'metadata',
    ],
  },
  sambanova: {
    stringContent: ['tool', 'assistant', 'system', 'user'],
    dropFields: [
      'parallel_tool_calls',
      'logprobs',
      'top_logprobs',
      'n',
      'presence_penalty',
      'frequency_penalty',
    ],
  },
  deepinfra: {
    reasoningField: 'reasoning_content',
    stringContent: ['tool', 'assistant'],
    contentWithCalls: 'empty',
  },
  siliconflow: {
    reasoningField: 'reasoning_content',
    reasoningFiller: { on: 'calls', text: ' ', models: ['kimi'] },
  },
  baseten: { reasoningField: 'reasoning_content', toolNames: { max: 96 } },
  cloudflare: { contentWithCalls: 'empty', stringContent: ['tool', 'assistant', 'system', 'user'] },
  databricks: {
    ...noStreamOptions,
    reasoningField: 'reasoning_parts',
    messageFields: ['tool_calls', 'tool_call_id', 'name'],
  },
  snowflake: {
    noFinish: true,
    reasoningField: 'reasoning_details',
    maxTokensField: 'max_completion_tokens',
  },
  // Whether it takes the role today is not known; it did not in 2025.
  'vercel-ai-gateway': { relaysSignatures: true },

  ollama: reasoning,
  vllm: { ...reasoning, ...oneSystem },
  'lm-studio': { ...oneSystem, forcedTools: 'not-named' },
  'llama-cpp': { ...oneSystem, reasoningField: 'reasoning_content', forcedTools: 'not-named' },
  localai: reasoning,
  sglang: { ...oneSystem, developerRole: true, reasoningField: 'reasoning_content' },
}
