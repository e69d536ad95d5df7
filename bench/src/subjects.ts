import type { Post } from './load.ts'
import { isPair, pairRequest, pairs, sidesOf } from './pairs.ts'
import type { Child } from './processes.ts'
import { benchKey } from './subjects/postern-options.ts'
import { providerModel, providerName, requestBody } from './traffic.ts'
import type { Traffic } from './traffic.ts'

/** One row of the table: how to start it and how to talk to it. */
export interface Subject {
  name: string
  /** The file that runs in the child process. */
  file: string
  /** `in-process` subjects run the load themselves and have no port. */
  kind: 'http' | 'in-process'
  /** The kinds of traffic it can serve. */
  traffic: readonly Traffic[]
  post(traffic: Traffic, upstreamUrl: string): Post
}

/** A subject that has started and gave right answers. */
export interface Target {
  subject: Subject
  child: Child
  /** Where the load goes; empty for subjects that run it themselves. */
  origin: string
}

/** The fake upstream called with nothing in between: what every latency is compared with. */
export const directName = 'direct'

const sameDialect = ['json', 'stream', 'paced'] as const
const everything = ['json', 'stream', 'paced', 'translated'] as const
const everyPair = [...everything, 'conversation', ...pairs] as const
/** Pairs the other gateway can be led to a stand-in for. */
const portkeyPairs = ['pair:openai-chat>gemini', 'pair:openai-chat>cohere'] as const

function http(name: string, rest: Pick<Subject, 'traffic' | 'post'>): Subject {
  return { name, file: `./subjects/${name}.ts`, kind: 'http', ...rest }
}

function inProcess(name: string, traffic: readonly Traffic[]): Subject {
  return { name, file: `./subjects/${name}.ts`, kind: 'in-process', traffic, post: plainPost }
}

/** To the provider itself, or to a proxy that passes its dialect on. */
function plainPost(traffic: Traffic): Post {
  return jsonPost('/v1/chat/completions', requestBody(traffic, providerModel(traffic)), {
    authorization: 'Bearer sk-test-bench',
  })
}

/** Portkey's names of the providers, and the prefix of their paths. */
const portkeyProviders: Readonly<Record<string, { name: string; path: string }>> = {
  openai: { name: 'openai', path: '/v1' },
  anthropic: { name: 'anthropic', path: '/v1' },
  gemini: { name: 'google', path: '' },
}

function portkeyPost(traffic: Traffic, upstreamUrl: string): Post {
  const provider = portkeyProviders[providerName(traffic)] ?? {
    name: providerName(traffic),
    path: '',
  }
  if (isPair(traffic)) {
    const { path, body } = pairRequest('openai-chat', providerModel(traffic))
    return jsonPost(path, body, {
      authorization: 'Bearer test-bench',
      'x-portkey-provider': provider.name,
      'x-portkey-custom-host': upstreamUrl + provider.path,
    })
  }
  return jsonPost('/v1/chat/completions', requestBody(traffic, providerModel(traffic)), {
    authorization: 'Bearer sk-test-bench',
    'x-portkey-provider': provider.name,
    'x-portkey-custom-host': upstreamUrl + provider.path,
  })
}

function posternPost(path: string): (traffic: Traffic) => Post {
  return (traffic) => {
    const model = `${providerName(traffic)}/${providerModel(traffic)}`
    const headers = { authorization: `Bearer ${benchKey}` }
    if (!isPair(traffic)) return jsonPost(path, requestBody(traffic, model), headers)
    const asked = pairRequest(sidesOf(traffic).client, model)
    return jsonPost(asked.path, asked.body, { ...headers, 'anthropic-version': '2023-06-01' })
  }
}

function jsonPost(path: string, body: string, headers: Record<string, string>): Post {
  return { path, body, headers: { ...headers, 'content-type': 'application/json' } }
}

const mounted = { traffic: everything, post: posternPost('/llm/v1/chat/completions') }
const floor = { traffic: sameDialect, post: plainPost }

/** The order of the table. */
export const subjects: readonly Subject[] = [
  http('floor-node', floor),
  http('floor-express', floor),
  http('floor-koa', floor),
  http('floor-hono', floor),
  http('fetch-express', floor),
  http('portkey', { traffic: [...everything, ...portkeyPairs], post: portkeyPost }),
  http('postern-node', { traffic: everyPair, post: posternPost('/v1/chat/completions') }),
  http('postern-express', mounted),
  http('postern-koa', mounted),
  http('postern-hono', mounted),
  inProcess('fetch-in-process', sameDialect),
  inProcess('postern-in-process', everything),
]

/** The upstream as if it were a subject: the load goes straight to it. */
export const directSubject: Subject = {
  name: directName,
  file: './upstream.ts',
  kind: 'http',
  traffic: sameDialect,
  post: plainPost,
}
