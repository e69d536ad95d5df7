import type { Powers, Quirks } from '../dialects/index.ts'
import { compatibility } from './compatibility.ts'
import { powersFor } from './powers.ts'

/** The wire formats a provider may be called in. */
export const dialectNames = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
] as const
export type DialectName = (typeof dialectNames)[number]

/**
 * How a provider wants its key: `authorization: Bearer <key>`, or the bare key in a header of its
 * own.
 */
export type AuthStyle = 'bearer' | 'x-api-key' | 'x-goog-api-key'

/**
 * A service or server the gateway knows by name: a key (or, for a local server, an address) makes
 * it callable.
 */
export interface CatalogueEntry {
  /** What users type before the slash: lower case, `-` between words. */
  readonly name: string
  /** The name people know it by. */
  readonly title: string
  readonly dialect: DialectName
  /** Dialects it speaks besides, for clients that speak them. */
  readonly alsoSpeaks: readonly DialectName[]
  /** Models that speak others than the rest; the first row that fits counts. */
  readonly exceptions: readonly ModelException[]
  /**
   * Where paths of the dialect begin. `{ENV_NAME}` stands for the value of that environment
   * variable.
   */
  readonly baseUrl: string
  /**
   * Environment variables its key is read from, first found wins; the first is always
   * `<NAME>_API_KEY`.
   */
  readonly keyVariables: readonly string[]
  /**
   * A server people run themselves: it needs no key and is only called when its address is
   * configured.
   */
  readonly isLocal: boolean
  readonly auth: AuthStyle
  /** How its own bare model ids begin; empty for services that host the models of others. */
  readonly modelPrefixes: readonly string[]
  /** Path of the model list below `baseUrl`; absent where the service has none there. */
  readonly listModelsPath: string | undefined
  readonly quirks: Quirks
  /** What requests can do beyond the model they ask for. */
  readonly powers: Powers
}

/** Models of a service that speak these dialects only. */
export interface ModelException {
  readonly models: RegExp
  readonly dialects: readonly DialectName[]
}

type Row = Pick<CatalogueEntry, 'name' | 'title' | 'baseUrl' | 'keyVariables'> &
  Partial<CatalogueEntry>

const noModelList = { listModelsPath: undefined }
const local = { isLocal: true }
const responses = { alsoSpeaks: ['openai-responses'] } as const

/**
 * It has a word for one encoding, and truncates unless told not to: a text that is too long is an
 * error, not a shorter one.
 */
const voyageEmbeddings: Quirks['embeddings'] = {
  dimensionsField: 'output_dimension',
  encodings: { base64: 'base64' },
  fixed: { truncation: false },
}
const jinaEmbeddings: Quirks['embeddings'] = {
  encodingField: 'embedding_type',
  inputTypeField: 'task',
  inputTypes: {
    query: 'retrieval.query',
    document: 'retrieval.passage',
    classification: 'classification',
    clustering: 'separation',
    similarity: 'text-matching',
  },
}

/**
 * Models of OpenAI that are served by one of its interfaces only, wherever it is they who serve
 * them.
 */
export const exceptionsOfOpenai: readonly ModelException[] = [
  {
    models:
      /^(?:o1-pro|o3-pro|gpt-5(?:\.\d+)?-pro|codex-mini|computer-use-preview)(?:-|$)|-codex(?:-|$)|-deep-research(?:-|$)/,
    dialects: ['openai-responses'],
  },
  { models: /^gpt-(?:[\w.]+-)*(?:audio|search)(?:-|$)/, dialects: ['openai-chat'] },
]

/*
 * Keys that are credentials of a whole account (GITHUB_TOKEN, CLOUDFLARE_API_TOKEN, SCW_SECRET_KEY,
 * ...) are left out on purpose: many processes hold one for other reasons, and finding it would
 * open a provider nobody asked for.
 */
const rows: readonly Row[] = [
  {
    name: 'openai',
    title: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    keyVariables: ['OPENAI_API_KEY'],
    modelPrefixes: [
      'gpt-',
      'chatgpt-',
      'o1',
      'o3',
      'o4',
      'codex-',
      'text-embedding-3-',
      'text-embedding-ada-',
      'dall-e-',
      'tts-',
      'whisper-',
      'omni-moderation-',
    ],
    ...responses,
    exceptions: exceptionsOfOpenai,
  },
  {
    name: 'anthropic',
    title: 'Anthropic',
    dialect: 'anthropic-messages',
    auth: 'x-api-key',
    baseUrl: 'https://api.anthropic.com',
    keyVariables: ['ANTHROPIC_API_KEY'],
    modelPrefixes: ['claude-'],
    listModelsPath: '/v1/models?limit=1000',
    quirks: { exact: true },
  },
  {
    name: 'gemini',
    title: 'Google Gemini',
    dialect: 'gemini',
    auth: 'x-goog-api-key',
    baseUrl: 'https://generativelanguage.googleapis.com',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    modelPrefixes: ['gemini-'],
    listModelsPath: '/v1beta/models?pageSize=1000',
    quirks: { exact: true, fileSchemes: [] },
  },

  // Makers of models
  {
    name: 'mistral',
    title: 'Mistral AI',
    baseUrl: 'https://api.mistral.ai/v1',
    keyVariables: ['MISTRAL_API_KEY'],
    modelPrefixes: [
      'mistral-',
      'ministral-',
      'codestral-',
      'magistral-',
      'devstral-',
      'pixtral-',
      'voxtral-',
      'open-mistral-',
      'open-mixtral-',
    ],
  },
  {
    name: 'deepseek',
    title: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com',
    keyVariables: ['DEEPSEEK_API_KEY'],
    modelPrefixes: ['deepseek-'],
  },
  {
    name: 'xai',
    title: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    keyVariables: ['XAI_API_KEY'],
    modelPrefixes: ['grok-'],
    ...responses,
  },
  {
    name: 'perplexity',
    title: 'Perplexity',
    baseUrl: 'https://api.perplexity.ai',
    keyVariables: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
    modelPrefixes: ['sonar'],
    ...noModelList,
  },
  {
    name: 'cohere',
    title: 'Cohere',
    dialect: 'cohere',
    baseUrl: 'https://api.cohere.com',
    keyVariables: ['COHERE_API_KEY', 'CO_API_KEY'],
    modelPrefixes: [
      'command-',
      'c4ai-',
      'embed-',
      'rerank-v',
      'rerank-english',
      'rerank-multilingual',
    ],
    listModelsPath: '/v1/models?page_size=1000',
  },
  {
    name: 'ai21',
    title: 'AI21 Labs',
    baseUrl: 'https://api.ai21.com/studio/v1',
    keyVariables: ['AI21_API_KEY'],
    modelPrefixes: ['jamba-'],
    ...noModelList,
  },
  {
    name: 'moonshot',
    title: 'Moonshot AI (Kimi)',
    baseUrl: 'https://api.moonshot.ai/v1',
    keyVariables: ['MOONSHOT_API_KEY'],
    modelPrefixes: ['kimi-', 'moonshot-'],
  },
  {
    name: 'zai',
    title: 'Z.ai (GLM)',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    keyVariables: ['ZAI_API_KEY', 'Z_AI_API_KEY'],
    modelPrefixes: ['glm-'],
  },
  {
    name: 'zhipu',
    title: 'Zhipu AI (bigmodel.cn)',
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
    keyVariables: ['ZHIPU_API_KEY', 'ZHIPUAI_API_KEY'],
    modelPrefixes: ['glm-'],
  },
  {
    name: 'alibaba',
    title: 'Alibaba Cloud Model Studio (Qwen)',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyVariables: ['ALIBABA_API_KEY', 'DASHSCOPE_API_KEY'],
    modelPrefixes: ['qwen', 'qwq-', 'qvq-'],
  },
  {
    name: 'minimax',
    title: 'MiniMax',
    baseUrl: 'https://api.minimax.io/v1',
    keyVariables: ['MINIMAX_API_KEY'],
    modelPrefixes: ['MiniMax-'],
    ...noModelList,
  },
  {
    name: 'stepfun',
    title: 'StepFun',
    baseUrl: 'https://api.stepfun.com/v1',
    keyVariables: ['STEPFUN_API_KEY'],
    modelPrefixes: ['step-'],
  },
  {
    name: 'volcengine',
    title: 'Volcengine Ark (Doubao)',
    baseUrl: 'https://ark.cn-beijing.volces.com/api/v3',
    keyVariables: ['VOLCENGINE_API_KEY', 'ARK_API_KEY'],
    modelPrefixes: ['doubao-'],
  },
  {
    name: 'hunyuan',
    title: 'Tencent Hunyuan',
    baseUrl: 'https://api.hunyuan.cloud.tencent.com/v1',
    keyVariables: ['HUNYUAN_API_KEY'],
    modelPrefixes: ['hunyuan-'],
  },
  {
    name: 'qianfan',
    title: 'Baidu Qianfan (ERNIE)',
    baseUrl: 'https://qianfan.baidubce.com/v2',
    keyVariables: ['QIANFAN_API_KEY'],
    modelPrefixes: ['ernie-'],
  },
  {
    name: 'upstage',
    title: 'Upstage',
    baseUrl: 'https://api.upstage.ai/v1/solar',
    keyVariables: ['UPSTAGE_API_KEY'],
    modelPrefixes: ['solar-'],
    ...noModelList,
  },
  {
    name: 'inception',
    title: 'Inception',
    baseUrl: 'https://api.inceptionlabs.ai/v1',
    keyVariables: ['INCEPTION_API_KEY'],
    modelPrefixes: ['mercury'],
  },
  {
    name: 'voyage',
    title: 'Voyage AI',
    baseUrl: 'https://api.voyageai.com/v1',
    keyVariables: ['VOYAGE_API_KEY', 'VOYAGEAI_API_KEY'],
    modelPrefixes: ['voyage-', 'rerank-2'],
    ...noModelList,
    quirks: {
      embeddings: voyageEmbeddings,
      rerank: { topField: 'top_k', fixed: { truncation: false } },
    },
  },
  {
    name: 'jina',
    title: 'Jina AI',
    baseUrl: 'https://api.jina.ai/v1',
    keyVariables: ['JINA_API_KEY', 'JINA_AI_API_KEY'],
    modelPrefixes: ['jina-'],
    ...noModelList,
    quirks: { embeddings: jinaEmbeddings },
  },

  // Hosts of models
  {
    name: 'groq',
    title: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    keyVariables: ['GROQ_API_KEY'],
    ...responses,
  },
  {
    name: 'together',
    title: 'Together AI',
    baseUrl: 'https://api.together.ai/v1',
    keyVariables: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
  },
  {
    name: 'fireworks',
    title: 'Fireworks AI',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    keyVariables: ['FIREWORKS_API_KEY'],
    ...responses,
  },
  {
    name: 'openrouter',
    title: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyVariables: ['OPENROUTER_API_KEY'],
    ...responses,
  },
  {
    name: 'cerebras',
    title: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    keyVariables: ['CEREBRAS_API_KEY'],
  },
  {
    name: 'nvidia',
    title: 'NVIDIA NIM',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    keyVariables: ['NVIDIA_API_KEY', 'NVIDIA_NIM_API_KEY'],
  },
  {
    name: 'sambanova',
    title: 'SambaNova',
    baseUrl: 'https://api.sambanova.ai/v1',
    keyVariables: ['SAMBANOVA_API_KEY'],
  },
  {
    name: 'deepinfra',
    title: 'DeepInfra',
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    keyVariables: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
  },
  {
    name: 'hyperbolic',
    title: 'Hyperbolic',
    baseUrl: 'https://api.hyperbolic.xyz/v1',
    keyVariables: ['HYPERBOLIC_API_KEY'],
  },
  {
    name: 'novita',
    title: 'Novita AI',
    baseUrl: 'https://api.novita.ai/openai/v1',
    keyVariables: ['NOVITA_API_KEY'],
  },
  {
    name: 'siliconflow',
    title: 'SiliconFlow',
    baseUrl: 'https://api.siliconflow.com/v1',
    keyVariables: ['SILICONFLOW_API_KEY'],
  },
  {
    name: 'baseten',
    title: 'Baseten',
    baseUrl: 'https://inference.baseten.co/v1',
    keyVariables: ['BASETEN_API_KEY'],
  },
  {
    name: 'huggingface',
    title: 'Hugging Face Inference Providers',
    baseUrl: 'https://router.huggingface.co/v1',
    keyVariables: ['HUGGINGFACE_API_KEY', 'HF_TOKEN'],
  },
  {
    name: 'cloudflare',
    title: 'Cloudflare Workers AI',
    baseUrl: 'https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1',
    keyVariables: ['CLOUDFLARE_API_KEY'],
    ...noModelList,
  },
  {
    name: 'databricks',
    title: 'Databricks Model Serving',
    baseUrl: 'https://{DATABRICKS_HOST}/serving-endpoints',
    keyVariables: ['DATABRICKS_API_KEY', 'DATABRICKS_TOKEN'],
    ...noModelList,
  },
  {
    name: 'snowflake',
    title: 'Snowflake Cortex',
    baseUrl: 'https://{SNOWFLAKE_ACCOUNT}.snowflakecomputing.com/api/v2/cortex/v1',
    keyVariables: ['SNOWFLAKE_API_KEY', 'SNOWFLAKE_PAT'],
    ...noModelList,
  },
  {
    name: 'nebius',
    title: 'Nebius Token Factory',
    baseUrl: 'https://api.tokenfactory.nebius.com/v1',
    keyVariables: ['NEBIUS_API_KEY'],
  },
  {
    name: 'scaleway',
    title: 'Scaleway Generative APIs',
    baseUrl: 'https://api.scaleway.ai/v1',
    keyVariables: ['SCALEWAY_API_KEY'],
  },
  {
    name: 'ovhcloud',
    title: 'OVHcloud AI Endpoints',
    baseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    keyVariables: ['OVHCLOUD_API_KEY', 'OVH_AI_ENDPOINTS_ACCESS_TOKEN'],
  },
  {
    name: 'vercel-ai-gateway',
    title: 'Vercel AI Gateway',
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    keyVariables: ['VERCEL_AI_GATEWAY_API_KEY', 'AI_GATEWAY_API_KEY'],
  },
  {
    name: 'inference-net',
    title: 'Inference.net',
    baseUrl: 'https://api.inference.net/v1',
    keyVariables: ['INFERENCE_NET_API_KEY'],
  },
  {
    name: 'friendli',
    title: 'Friendli',
    baseUrl: 'https://api.friendli.ai/serverless/v1',
    keyVariables: ['FRIENDLI_API_KEY', 'FRIENDLI_TOKEN'],
  },
  {
    name: 'featherless',
    title: 'Featherless',
    baseUrl: 'https://api.featherless.ai/v1',
    keyVariables: ['FEATHERLESS_API_KEY'],
  },
  {
    name: 'chutes',
    title: 'Chutes',
    baseUrl: 'https://llm.chutes.ai/v1',
    keyVariables: ['CHUTES_API_KEY'],
  },
  {
    name: 'venice',
    title: 'Venice',
    baseUrl: 'https://api.venice.ai/api/v1',
    keyVariables: ['VENICE_API_KEY', 'VENICE_AI_API_KEY'],
  },
  {
    name: 'parasail',
    title: 'Parasail',
    baseUrl: 'https://api.parasail.io/v1',
    keyVariables: ['PARASAIL_API_KEY'],
  },
  {
    name: 'nscale',
    title: 'Nscale',
    baseUrl: 'https://inference.api.nscale.com/v1',
    keyVariables: ['NSCALE_API_KEY', 'NSCALE_SERVICE_TOKEN'],
  },
  {
    name: 'ionet',
    title: 'io.net Intelligence',
    baseUrl: 'https://api.intelligence.io.solutions/api/v1',
    keyVariables: ['IONET_API_KEY', 'IOINTELLIGENCE_API_KEY'],
  },
  {
    name: 'digitalocean',
    title: 'DigitalOcean Inference',
    baseUrl: 'https://inference.do-ai.run/v1',
    keyVariables: ['DIGITALOCEAN_API_KEY', 'DIGITALOCEAN_INFERENCE_KEY'],
  },
  {
    name: 'morph',
    title: 'Morph',
    baseUrl: 'https://api.morphllm.com/v1',
    keyVariables: ['MORPH_API_KEY'],
  },
  { name: 'poe', title: 'Poe', baseUrl: 'https://api.poe.com/v1', keyVariables: ['POE_API_KEY'] },

  // Servers people run themselves
  {
    name: 'ollama',
    title: 'Ollama',
    baseUrl: 'http://127.0.0.1:11434/v1',
    keyVariables: ['OLLAMA_API_KEY'],
    ...local,
    ...responses,
  },
  {
    name: 'vllm',
    title: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000/v1',
    keyVariables: ['VLLM_API_KEY'],
    ...local,
    ...responses,
  },
  {
    name: 'lm-studio',
    title: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    keyVariables: ['LM_STUDIO_API_KEY'],
    ...local,
    ...responses,
  },
  {
    name: 'llama-cpp',
    title: 'llama.cpp server',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyVariables: ['LLAMA_CPP_API_KEY'],
    ...local,
  },
  {
    name: 'localai',
    title: 'LocalAI',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyVariables: ['LOCALAI_API_KEY'],
    ...local,
  },
  {
    name: 'jan',
    title: 'Jan',
    baseUrl: 'http://127.0.0.1:1337/v1',
    keyVariables: ['JAN_API_KEY'],
    ...local,
  },
  {
    name: 'sglang',
    title: 'SGLang',
    baseUrl: 'http://127.0.0.1:30000/v1',
    keyVariables: ['SGLANG_API_KEY'],
    ...local,
  },
  {
    name: 'text-generation-webui',
    title: 'text-generation-webui',
    baseUrl: 'http://127.0.0.1:5000/v1',
    keyVariables: ['TEXT_GENERATION_WEBUI_API_KEY'],
    ...local,
  },
  {
    name: 'koboldcpp',
    title: 'KoboldCpp',
    baseUrl: 'http://127.0.0.1:5001/v1',
    keyVariables: ['KOBOLDCPP_API_KEY'],
    ...local,
  },
  {
    name: 'docker-model-runner',
    title: 'Docker Model Runner',
    baseUrl: 'http://127.0.0.1:12434/engines/v1',
    keyVariables: ['DOCKER_MODEL_RUNNER_API_KEY'],
    ...local,
  },
]

/**
 * Every known provider. Reading it costs nothing; only those with a key or an address become
 * `Provider`s.
 */
export const catalogue: readonly CatalogueEntry[] = rows.map((row) => ({
  dialect: 'openai-chat',
  alsoSpeaks: [],
  exceptions: [],
  isLocal: false,
  auth: 'bearer',
  modelPrefixes: [],
  listModelsPath: '/models',
  quirks: compatibility[row.name] ?? {},
  powers: powersFor(row.name, true),
  ...row,
}))

const byName: ReadonlyMap<string, CatalogueEntry> = new Map(
  catalogue.map((entry) => [entry.name, entry]),
)

/** The entry of this name, if the gateway knows one. */
export function findInCatalogue(name: string): CatalogueEntry | undefined {
  return byName.get(name)
}
