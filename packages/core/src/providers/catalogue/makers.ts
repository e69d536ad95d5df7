import type { Quirks } from '../../dialects/index.ts'
import { noModelList, responses } from './shared-fields.ts'
import type { CatalogueRow } from './entry.ts'

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

/** Makers of models whose services are OpenAI-compatible. */
export const makerRows: readonly CatalogueRow[] = [
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
]
