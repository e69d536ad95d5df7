import { responses } from './shared-fields.ts'
import type { CatalogueRow, ModelException } from './entry.ts'

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

/** Makers of models with a wire format of their own. */
export const firstPartyRows: readonly CatalogueRow[] = [
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
]
