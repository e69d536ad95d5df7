import { responses } from './shared-fields.ts'
import type { CatalogueRow } from './entry.ts'

const local = { isLocal: true }

/** Servers that operators run themselves. */
export const localRows: readonly CatalogueRow[] = [
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
