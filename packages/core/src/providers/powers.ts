import type { Powers } from '../dialects/index.ts'

/**
 * Fields of proxies to many services (such as LiteLLM), assumed for every address of the operator's
 * own, whose server is unknown.
 */
const OF_PROXIES: Powers = {
  elsewhere: [
    'models',
    'route',
    'provider',
    'providers',
    'provider_options',
    'plugins',
    'preset',
    'transforms',
    'fallbacks',
    'context_window_fallbacks',
    'content_policy_fallbacks',
    'router_settings_override',
    'model_list',
    'user_config',
    'api_base',
    'base_url',
    'api_key',
    'api_version',
    'organization',
    'custom_llm_provider',
    'litellm_params_template',
    'litellm_credential_name',
    'vertex_credentials',
    'vertex_project',
    'vertex_location',
    'aws_access_key_id',
    'aws_region_name',
    'metadata.tags',
    'metadata.fallbacks',
    'litellm_metadata',
    'tags',
    'extra_body',
    'extra_headers',
    'lora',
    'lora_path',
  ],
  elsewhereModels: ['://'],
  paid: [
    'enable_search',
    'search_options',
    'search_parameters',
    'num_retries',
    'background',
    'deferred',
    'mcp_servers',
    'guardrails',
  ],
}

/** Of what makes a request run unseen: its answer, and what it cost, come with another request. */
const BACKGROUND = ['background', 'deferred']
const OF_OPENAI: Powers = { paid: [...BACKGROUND, 'prompt.id'] }

/** By the service's name; what is not here has no field of that kind that is known. */
const powersOf: Readonly<Record<string, Powers>> = {
  openai: OF_OPENAI,
  azure: { ...OF_OPENAI, elsewhere: ['data_sources'] },
  anthropic: { elsewhere: ['fallbacks'], paid: ['mcp_servers', 'container'] },
  bedrock: { paid: ['performance_config', 'guardrail_config', 'service_tier'] },
  mistral: { paid: ['guardrails'] },
  xai: { paid: [...BACKGROUND, 'search_parameters'] },
  perplexity: {
    paid: [
      'search_mode',
      'search_type',
      'media_response',
      'return_images',
      'return_videos',
      'return_related_questions',
      'enable_search_classifier',
    ],
  },
  alibaba: { paid: ['enable_search', 'search_options', 'enable_code_interpreter'] },
  // An endpoint of the account, with whatever model stands behind it.
  volcengine: { elsewhereModels: ['^ep-'] },
  groq: {
    elsewhere: ['compound_custom'],
    paid: [
      'search_settings',
      'include_domains',
      'exclude_domains',
      'documents',
      'citation_options',
    ],
    paidModels: ['^(?:groq/)?compound'],
  },
  together: { elsewhere: ['safety_model'], paid: ['compliance'] },
  fireworks: { elsewhereModels: ['#', '^accounts/(?!fireworks/models/)'] },
  openrouter: {
    elsewhere: [
      'models',
      'route',
      'provider',
      'plugins',
      'preset',
      'fallbacks',
      'transforms',
      'session_id',
      'trace',
    ],
    elsewhereTools: ['openrouter:*'],
    elsewhereModels: [':[^/]*$', '^~', '^@', '@preset/', '^openrouter/'],
    paid: ['image_config'],
    paidModels: [':online(?:$|:)'],
  },
  nvidia: { elsewhere: ['nvext'] },
  deepinfra: { elsewhereModels: ['^deploy_id:'] },
  huggingface: { elsewhereModels: [':[^/]*$'] },
  cloudflare: { elsewhere: ['lora'] },
  snowflake: { elsewhere: ['provisioned_throughput_id'], paid: ['guardrails'] },
  'vercel-ai-gateway': { elsewhere: ['provider_options', 'models', 'caching'] },
  venice: { elsewhere: ['venice_parameters'], elsewhereModels: [':'], paidModels: [':.*='] },
  poe: { elsewhere: ['extra_body'] },
  vllm: {
    elsewhere: ['kv_transfer_params', 'vllm_xargs'],
    paid: ['chat_template', 'mm_processor_kwargs', 'use_beam_search', 'priority', 'documents'],
  },
  sglang: {
    elsewhere: [
      'lora_path',
      'custom_logit_processor',
      'session_params',
      'bootstrap_host',
      'bootstrap_port',
      'bootstrap_room',
      'input_ids',
    ],
    paid: ['priority'],
  },
  // Leaves the machine for the service of the maker, which is paid.
  ollama: { elsewhereModels: ['[:-]cloud$'], paidModels: ['[:-]cloud$'] },
  'llama-cpp': { elsewhere: ['lora', 'id_slot'] },
  localai: { elsewhere: ['backend', 'model_base_name'] },
}

/**
 * Effects that requests to a provider can have beyond the requested model.
 *
 * @param name of its row in the catalogue, or of its kind of cloud
 * @param isOwnAddress it is called where the service itself answers
 */
export function powersFor(name: string | undefined, isOwnAddress: boolean): Powers {
  const own = name === undefined ? undefined : powersOf[name]
  if (isOwnAddress) return own ?? {}
  return own === undefined ? OF_PROXIES : merged(own, OF_PROXIES)
}

function merged(own: Powers, others: Powers): Powers {
  const both = (list: keyof Powers): readonly string[] => [
    ...(own[list] ?? []),
    ...(others[list] ?? []),
  ]
  return {
    elsewhere: both('elsewhere'),
    elsewhereTools: both('elsewhereTools'),
    elsewhereModels: both('elsewhereModels'),
    paid: both('paid'),
    paidModels: both('paidModels'),
  }
}
