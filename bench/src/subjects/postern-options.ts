import { upstreamUrl } from '../child.ts'

/** The virtual key the load generator presents. */
export const benchKey = 'pk_bench_0123456789abcdef'

/**
 * The same gateway in every framework: every provider played by the fake upstream, one virtual key.
 */
export function posternOptions() {
  return {
    providers: {
      // At its own address OpenAI is known to follow its dialect to the letter; of the stand-in
      // that must be said.
      openai: { baseUrl: `${upstreamUrl()}/v1`, apiKey: 'sk-test-bench', quirks: { exact: true } },
      anthropic: { baseUrl: upstreamUrl(), apiKey: 'sk-ant-test-bench' },
      gemini: { baseUrl: upstreamUrl(), apiKey: 'test-bench' },
      responses: {
        baseUrl: `${upstreamUrl()}/v1`,
        apiKey: 'sk-test-bench',
        dialect: 'openai-responses' as const,
      },
      converse: {
        baseUrl: upstreamUrl(),
        apiKey: 'test-bench',
        dialect: 'bedrock-converse' as const,
      },
      cohere: { baseUrl: upstreamUrl(), apiKey: 'test-bench' },
    },
    keys: { bench: benchKey },
    log: 'error' as const,
  }
}
