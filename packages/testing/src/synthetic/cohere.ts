import type { Trace } from './trace.ts'

function event(type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ ...fields, type })}\n\n`
}

function message(fields: object): object {
  return { delta: { message: fields } }
}

const start = event('message-start', {
  id: 'c1',
  ...message({ role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }),
})
const done = 'data: [DONE]\n\n'

function block(index: number, type: 'text' | 'thinking', ...fragments: string[]): string {
  return [
    event('content-start', { index, ...message({ content: { type, [type]: '' } }) }),
    ...fragments.map((fragment) =>
      event('content-delta', { index, ...message({ content: { [type]: fragment } }) }),
    ),
    event('content-end', { index }),
  ].join('')
}

function call(
  index: number,
  { id, opening, fragments = [] }: { id: string; opening: object; fragments?: readonly string[] },
): string {
  return [
    event('tool-call-start', {
      index,
      ...message({
        tool_calls: { id, type: 'function', function: { name: 'get_weather', ...opening } },
      }),
    }),
    ...fragments.map((text) =>
      event('tool-call-delta', {
        index,
        ...message({ tool_calls: { function: { arguments: text } } }),
      }),
    ),
    event('tool-call-end', { index }),
  ].join('')
}

function end(finish_reason: string): string {
  const usage = {
    billed_units: { input_tokens: 5, output_tokens: 7 },
    tokens: { input_tokens: 507, output_tokens: 9 },
    cached_tokens: 400,
  }
  return event('message-end', { delta: { finish_reason, usage } }) + done
}

const usage = { input: 507, output: 9, cached: 400 }

/** Traces of Cohere's v2 chat, written by hand. */
export const cohereTraces: readonly Trace[] = [
  {
    name: 'cohere-text-after-thinking',
    covers: 'tokens as they were counted, not the fewer that are billed.',
    body:
      start +
      block(0, 'thinking', 'Let me ', 'see.') +
      block(1, 'text', 'Grü', 'ße, 世界!') +
      end('COMPLETE'),
    expected: { text: 'Grüße, 世界!', reasoning: 'Let me see.', usage },
  },
  {
    name: 'cohere-parallel-tools',
    covers: 'what the model plans comes before its calls; a call is an object, not an array.',
    body:
      start +
      event('tool-plan-delta', message({ tool_plan: 'I will ' })) +
      event('tool-plan-delta', message({ tool_plan: 'look.' })) +
      call(0, {
        id: 'weather_p',
        opening: { arguments: '' },
        fragments: ['{"ci', 'ty":"Paris"}'],
      }) +
      call(1, { id: 'weather_r', opening: { arguments: '' }, fragments: ['{"city":"Rome"}'] }) +
      end('TOOL_CALL'),
    expected: {
      text: 'I will look.',
      toolCalls: [
        { id: 'weather_p', name: 'get_weather', arguments: { city: 'Paris' } },
        { id: 'weather_r', name: 'get_weather', arguments: { city: 'Rome' } },
      ],
      finish: 'tool_calls',
      usage,
    },
  },
  {
    name: 'cohere-null-arguments',
    covers: 'arguments that are null, and none at all.',
    body:
      start +
      call(0, { id: 'weather_a', opening: { arguments: null } }) +
      call(1, { id: 'weather_b', opening: {} }) +
      end('TOOL_CALL'),
    expected: {
      toolCalls: ['weather_a', 'weather_b'].map((id) => ({
        id,
        name: 'get_weather',
        arguments: {},
      })),
      finish: 'tool_calls',
      usage,
    },
  },
  {
    name: 'cohere-max-tokens',
    covers: 'an answer cut off by its limit.',
    body: start + block(0, 'text', 'Once upon') + end('MAX_TOKENS'),
    expected: { text: 'Once upon', finish: 'length', usage },
  },
  {
    name: 'cohere-error-later',
    covers: 'an error that looks like an end.',
    body:
      start +
      event('content-start', { index: 0, ...message({ content: { type: 'text', text: '' } }) }) +
      event('content-delta', { index: 0, ...message({ content: { text: 'Half' } }) }) +
      event('message-end', { delta: { finish_reason: 'ERROR', error: 'It broke.' } }) +
      done,
    expected: { text: 'Half', outcome: 'error', finish: undefined },
  },
  {
    name: 'cohere-ends-early',
    covers: 'a stream that ends without its last event.',
    body: start + block(0, 'text', 'Half'),
    expected: { text: 'Half', outcome: 'truncated', finish: undefined },
  },
]
