import type { ClientApi } from './shared-cases.ts'

type J = Record<string, unknown>

const chat = (x: J) => ({ messages: [{ role: 'user', content: 'hello' }], ...x })
const fn = {
  type: 'function',
  function: { name: 'f1', parameters: { type: 'object', properties: {} } },
}
const B64 = Buffer.from('sentinel-data-7731').toString('base64')
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/**
 * Fields of the four client APIs, each with a request that says it and what tells, in the bytes of
 * any target, that it was sent.
 */
export const requestFields: readonly (readonly [
  api: ClientApi,
  field: string,
  request: J,
  sent: RegExp,
])[] = [
  ['chat', 'temperature', chat({ temperature: 0.7731 }), /0\.7731/],
  ['chat', 'top_p', chat({ top_p: 0.7731 }), /0\.7731/],
  ['chat', 'top_k', chat({ top_k: 7731 }), /7731/],
  ['chat', 'n', chat({ n: 2 }), /"(n|candidateCount)":2/],
  ['chat', 'stop', chat({ stop: ['S7731'] }), /S7731/],
  ['chat', 'max_tokens', chat({ max_tokens: 7731 }), /7731/],
  ['chat', 'max_completion_tokens', chat({ max_completion_tokens: 7731 }), /7731/],
  ['chat', 'presence_penalty', chat({ presence_penalty: 0.7731 }), /0\.7731/],
  ['chat', 'frequency_penalty', chat({ frequency_penalty: 0.7731 }), /0\.7731/],
  ['chat', 'seed', chat({ seed: 7731 }), /7731/],
  ['chat', 'logit_bias', chat({ logit_bias: { 7731: 5 } }), /7731/],
  ['chat', 'logprobs', chat({ logprobs: true }), /[lL]ogprobs/],
  ['chat', 'top_logprobs', chat({ logprobs: true, top_logprobs: 7 }), /:7\b/],
  ['chat', 'user', chat({ user: 'u7731' }), /u7731/],
  ['chat', 'safety_identifier', chat({ safety_identifier: 'u7731' }), /u7731/],
  ['chat', 'prompt_cache_key', chat({ prompt_cache_key: 'u7731' }), /u7731/],
  ['chat', 'prompt_cache_retention', chat({ prompt_cache_retention: '24h' }), /24h/],
  ['chat', 'store', chat({ store: true }), /"store":true/],
  ['chat', 'metadata', chat({ metadata: { k: 'v7731' } }), /v7731/],
  ['chat', 'service_tier', chat({ service_tier: 'flex' }), /flex|service_?[tT]ier/],
  ['chat', 'verbosity', chat({ verbosity: 'low' }), /verbosity/],
  ['chat', 'reasoning_effort', chat({ reasoning_effort: 'low' }), /low|thinking|reasoning/],
  ['chat', 'modalities', chat({ modalities: ['text', 'audio'] }), /odalities/],
  ['chat', 'audio', chat({ audio: { voice: 'v7731', format: 'wav' } }), /v7731/],
  ['chat', 'prediction', chat({ prediction: { type: 'content', content: 'p7731' } }), /p7731/],
  [
    'chat',
    'web_search_options',
    chat({ web_search_options: { search_context_size: 'low' } }),
    /search/,
  ],
  ['chat', 'parallel_tool_calls', chat({ tools: [fn], parallel_tool_calls: false }), /parallel/],
  [
    'chat',
    'tool_choice',
    chat({ tools: [fn], tool_choice: 'required' }),
    /required|any\b|"ANY"|REQUIRED/,
  ],
  [
    'chat',
    'functions',
    chat({ functions: [{ name: 'f7731', parameters: { type: 'object', properties: {} } }] }),
    /f7731/,
  ],
  [
    'chat',
    'function_call',
    chat({
      functions: [{ name: 'f7731', parameters: { type: 'object', properties: {} } }],
      function_call: { name: 'f7731' },
    }),
    /f7731.*f7731|"(tool_choice|function_call)"/,
  ],
  ['chat', 'response_format', chat({ response_format: { type: 'json_object' } }), /json/],
  [
    'chat',
    'response_format.json_schema',
    chat({
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'n7731',
          description: 'd7732',
          schema: {
            type: 'object',
            properties: { q: { type: 'string', description: 's7733' } },
            required: ['q'],
            additionalProperties: false,
          },
          strict: true,
        },
      },
    }),
    /s7733/,
  ],
  ['chat', 'unknown_field', chat({ my_field: 'x7731' }), /x7731/],
  ['chat', 'moderation', chat({ moderation: { model: 'x7731' } }), /x7731/],
  [
    'chat',
    'messages.name',
    { messages: [{ role: 'user', name: 'n7731', content: 'hello' }] },
    /n7731/,
  ],
  [
    'chat',
    'system.name',
    {
      messages: [
        { role: 'system', name: 'n7731', content: 'sys' },
        { role: 'user', content: 'hello' },
      ],
    },
    /n7731/,
  ],
  [
    'chat',
    'image',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
          ],
        },
      ],
    },
    /iVBORw0KGgo/,
  ],
  [
    'chat',
    'image.detail',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            {
              type: 'image_url',
              image_url: { url: `data:image/png;base64,${PNG}`, detail: 'low' },
            },
          ],
        },
      ],
    },
    /"low"|LOW/,
  ],
  [
    'chat',
    'file',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'file', file: { file_data: `data:application/pdf;base64,${B64}` } },
          ],
        },
      ],
    },
    new RegExp(B64.slice(0, 12)),
  ],
  [
    'chat',
    'file.filename',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            {
              type: 'file',
              file: { filename: 'n7731.pdf', file_data: `data:application/pdf;base64,${B64}` },
            },
          ],
        },
      ],
    },
    /n7731/,
  ],
  [
    'chat',
    'input_audio',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'input_audio', input_audio: { format: 'wav', data: B64 } },
          ],
        },
      ],
    },
    new RegExp(B64.slice(0, 12)),
  ],
  [
    'chat',
    'text.cache_control',
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }],
        },
      ],
    },
    /cache_?[cC]ontrol|cachePoint/,
  ],
  [
    'chat',
    'message.unknown',
    { messages: [{ role: 'user', content: 'hello', zz: 'x7731' }] },
    /x7731/,
  ],
  [
    'chat',
    'part.unknown',
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', zz: 'x7731' }] }] },
    /x7731/,
  ],
  [
    'chat',
    'assistant.refusal',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', refusal: 'r7731', content: null },
        { role: 'user', content: 'b' },
      ],
    },
    /r7731/,
  ],
  [
    'chat',
    'assistant.audio',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'yo', audio: { id: 'a7731' } },
        { role: 'user', content: 'b' },
      ],
    },
    /a7731/,
  ],
  [
    'chat',
    'assistant.reasoning_content',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'yo', reasoning_content: 't7731' },
        { role: 'user', content: 'b' },
      ],
    },
    /t7731/,
  ],
  [
    'chat',
    'assistant.annotations',
    {
      messages: [
        { role: 'user', content: 'a' },
        {
          role: 'assistant',
          content: 'yo',
          annotations: [
            {
              type: 'url_citation',
              url_citation: {
                url: 'https://u7731.example',
                title: 't',
                start_index: 0,
                end_index: 1,
              },
            },
          ],
        },
        { role: 'user', content: 'b' },
      ],
    },
    /u7731/,
  ],
  [
    'chat',
    'assistant.images',
    {
      messages: [
        { role: 'user', content: 'a' },
        {
          role: 'assistant',
          content: 'yo',
          images: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }],
        },
        { role: 'user', content: 'b' },
      ],
    },
    /iVBORw0KGgo/,
  ],
  [
    'chat',
    'tool.strict',
    chat({
      tools: [
        {
          type: 'function',
          function: {
            name: 'f1',
            strict: true,
            parameters: { type: 'object', properties: {}, additionalProperties: false },
          },
        },
      ],
    }),
    /strict/,
  ],
  [
    'chat',
    'tool.description',
    chat({
      tools: [
        {
          type: 'function',
          function: {
            name: 'f1',
            description: 'd7731',
            parameters: { type: 'object', properties: {} },
          },
        },
      ],
    }),
    /d7731/,
  ],
  ['chat', 'tool.unknown', chat({ tools: [{ ...fn, zz: 'x7731' }] }), /x7731/],
  [
    'chat',
    'function.unknown',
    chat({ tools: [{ type: 'function', function: { ...fn.function, zz: 'x7731' } }] }),
    /x7731/,
  ],
  [
    'chat',
    'tool.cache_control',
    chat({ tools: [{ ...fn, cache_control: { type: 'ephemeral' } }] }),
    /cache_?[cC]ontrol|cachePoint/,
  ],
  [
    'chat',
    'allowed_tools',
    chat({
      tools: [
        fn,
        {
          type: 'function',
          function: { name: 'g7731', parameters: { type: 'object', properties: {} } },
        },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f1' } }] },
      },
    }),
    /allowed|^(?!.*g7731)/,
  ],
  [
    'chat',
    'custom tool.format',
    chat({
      tools: [
        {
          type: 'custom',
          custom: {
            name: 'c1',
            format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'g7731' } },
          },
        },
      ],
    }),
    /g7731/,
  ],
  // responses
  ['responses', 'instructions', { input: 'hi', instructions: 'i7731' }, /i7731/],
  ['responses', 'temperature', { input: 'hi', temperature: 0.7731 }, /0\.7731/],
  ['responses', 'top_p', { input: 'hi', top_p: 0.7731 }, /0\.7731/],
  ['responses', 'max_output_tokens', { input: 'hi', max_output_tokens: 7731 }, /7731/],
  ['responses', 'max_tool_calls', { input: 'hi', max_tool_calls: 7 }, /:7\b/],
  ['responses', 'top_logprobs', { input: 'hi', top_logprobs: 7 }, /:7\b/],
  [
    'responses',
    'include',
    { input: 'hi', include: ['file_search_call.results'] },
    /file_search_call.results/,
  ],
  [
    'responses',
    'include.logprobs',
    { input: 'hi', include: ['message.output_text.logprobs'] },
    /logprobs/i,
  ],
  ['responses', 'metadata', { input: 'hi', metadata: { k: 'v7731' } }, /v7731/],
  ['responses', 'user', { input: 'hi', user: 'u7731' }, /u7731/],
  ['responses', 'safety_identifier', { input: 'hi', safety_identifier: 'u7731' }, /u7731/],
  ['responses', 'safety+user', { input: 'hi', safety_identifier: 'u7731', user: 'other' }, /u7731/],
  ['responses', 'prompt_cache_key', { input: 'hi', prompt_cache_key: 'u7731' }, /u7731/],
  ['responses', 'store', { input: 'hi', store: true }, /"store":true/],
  ['responses', 'truncation', { input: 'hi', truncation: 'auto' }, /truncation/],
  ['responses', 'service_tier', { input: 'hi', service_tier: 'flex' }, /flex|service_?[tT]ier/],
  ['responses', 'text.verbosity', { input: 'hi', text: { verbosity: 'low' } }, /verbosity/],
  [
    'responses',
    'text.format',
    {
      input: 'hi',
      text: {
        format: {
          type: 'json_schema',
          name: 'n7731',
          schema: {
            type: 'object',
            properties: { q: { type: 'string', description: 's7733' } },
            required: ['q'],
            additionalProperties: false,
          },
        },
      },
    },
    /s7733/,
  ],
  [
    'responses',
    'reasoning.effort',
    { input: 'hi', reasoning: { effort: 'low' } },
    /low|thinking|reasoning/,
  ],
  [
    'responses',
    'reasoning.summary',
    { input: 'hi', reasoning: { effort: 'low', summary: 'detailed' } },
    /detailed|includeThoughts/,
  ],
  [
    'responses',
    'context_management',
    { input: 'hi', context_management: [{ type: 'compaction', compact_threshold: 7731 }] },
    /7731/,
  ],
  ['responses', 'unknown', { input: 'hi', zz: 'x7731' }, /x7731/],
  [
    'responses',
    'parallel_tool_calls',
    {
      input: 'hi',
      tools: [{ type: 'function', name: 'f1', parameters: { type: 'object', properties: {} } }],
      parallel_tool_calls: false,
    },
    /parallel/,
  ],
  [
    'responses',
    'tool.strict',
    {
      input: 'hi',
      tools: [
        {
          type: 'function',
          name: 'f1',
          strict: true,
          parameters: { type: 'object', properties: {}, additionalProperties: false },
        },
      ],
    },
    /strict/,
  ],
  [
    'responses',
    'tool.defer_loading',
    {
      input: 'hi',
      tools: [
        {
          type: 'function',
          name: 'f1',
          defer_loading: true,
          parameters: { type: 'object', properties: {} },
        },
      ],
    },
    /defer_loading/,
  ],
  [
    'responses',
    'tool.output_schema',
    {
      input: 'hi',
      tools: [
        {
          type: 'function',
          name: 'f1',
          output_schema: { type: 'object', title: 'o7731' },
          parameters: { type: 'object', properties: {} },
        },
      ],
    },
    /o7731/,
  ],
  [
    'responses',
    'web_search',
    {
      input: 'hi',
      tools: [
        { type: 'web_search' },
        { type: 'function', name: 'f1', parameters: { type: 'object', properties: {} } },
      ],
    },
    /web_?search|googleSearch/,
  ],
  [
    'responses',
    'input_image.detail',
    {
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'x' },
            { type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'low' },
          ],
        },
      ],
    },
    /"low"|LOW/,
  ],
  [
    'responses',
    'input_file',
    {
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'x' },
            { type: 'input_file', file_data: `data:application/pdf;base64,${B64}` },
          ],
        },
      ],
    },
    new RegExp(B64.slice(0, 12)),
  ],
  [
    'responses',
    'output_text.annotations',
    {
      input: [
        { role: 'user', content: 'a' },
        {
          type: 'message',
          role: 'assistant',
          id: 'msg_x',
          status: 'completed',
          content: [
            {
              type: 'output_text',
              text: 'yo',
              annotations: [
                {
                  type: 'url_citation',
                  url: 'https://u7731.example',
                  title: 't',
                  start_index: 0,
                  end_index: 1,
                },
              ],
            },
          ],
        },
        { role: 'user', content: 'b' },
      ],
    },
    /u7731/,
  ],
  [
    'responses',
    'message.phase',
    {
      input: [
        { role: 'user', content: 'a' },
        {
          type: 'message',
          role: 'assistant',
          id: 'msg_x',
          status: 'completed',
          phase: 'final_answer',
          content: [{ type: 'output_text', text: 'yo', annotations: [] }],
        },
        { role: 'user', content: 'b' },
      ],
    },
    /final_answer/,
  ],
  [
    'responses',
    'image_generation_call',
    {
      input: [
        { role: 'user', content: 'a' },
        { type: 'image_generation_call', id: 'ig_x', status: 'completed', result: PNG },
        { role: 'user', content: 'b' },
      ],
    },
    /iVBORw0KGgo/,
  ],
  // anthropic
  ...(
    [
      ['temperature', { temperature: 0.7731 }, /0\.7731/],
      ['top_p', { top_p: 0.7731 }, /0\.7731/],
      ['top_k', { top_k: 7731 }, /7731/],
      ['stop_sequences', { stop_sequences: ['S7731'] }, /S7731/],
      ['system', { system: 's7731' }, /s7731/],
      [
        'system.cache_control',
        { system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }] },
        /cache_?[cC]ontrol|cachePoint/,
      ],
      ['metadata.user_id', { metadata: { user_id: 'u7731' } }, /u7731/],
      ['service_tier', { service_tier: 'standard_only' }, /standard_only|service_?[tT]ier/],
      [
        'thinking',
        { max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 2731 } },
        /2731|reasoning/i,
      ],
      [
        'thinking.display',
        { max_tokens: 9000, thinking: { type: 'adaptive', display: 'omitted' } },
        /omitted|includeThoughts/,
      ],
      ['output_config.effort', { output_config: { effort: 'low' } }, /low|thinking/],
      [
        'output_config.format',
        {
          output_config: {
            format: {
              type: 'json_schema',
              schema: {
                type: 'object',
                properties: { q: { type: 'string', description: 's7733' } },
                required: ['q'],
                additionalProperties: false,
              },
            },
          },
        },
        /s7733/,
      ],
      ['container', { container: 'c7731' }, /c7731/],
      ['inference_geo', { inference_geo: 'us7731' }, /us7731/],
      ['cache_control', { cache_control: { type: 'ephemeral' } }, /cache_?[cC]ontrol|cachePoint/],
      [
        'mcp_servers',
        { mcp_servers: [{ type: 'url', url: 'https://m7731.example', name: 'x' }] },
        /m7731/,
      ],
      [
        'context_management',
        { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
        /clear_tool_uses/,
      ],
      ['unknown', { zz: 'x7731' }, /x7731/],
      [
        'tool.strict',
        {
          tools: [
            {
              name: 'f1',
              strict: true,
              input_schema: { type: 'object', properties: {}, additionalProperties: false },
            },
          ],
        },
        /strict/,
      ],
      [
        'tool.cache_control',
        {
          tools: [
            { name: 'f1', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } },
          ],
        },
        /cache_?[cC]ontrol|cachePoint/,
      ],
      [
        'tool.input_examples',
        {
          tools: [
            { name: 'f1', input_schema: { type: 'object' }, input_examples: [{ a: 'x7731' }] },
          ],
        },
        /x7731/,
      ],
      [
        'tool.eager_input_streaming',
        { tools: [{ name: 'f1', input_schema: { type: 'object' }, eager_input_streaming: true }] },
        /eager_input/,
      ],
      [
        'tool.defer_loading',
        { tools: [{ name: 'f1', input_schema: { type: 'object' }, defer_loading: true }] },
        /defer_loading/,
      ],
      [
        'tool.allowed_callers',
        { tools: [{ name: 'f1', input_schema: { type: 'object' }, allowed_callers: ['direct'] }] },
        /allowed_callers/,
      ],
      [
        'tool_choice.disable_parallel',
        {
          tools: [{ name: 'f1', input_schema: { type: 'object' } }],
          tool_choice: { type: 'auto', disable_parallel_tool_use: true },
        },
        /parallel/,
      ],
      [
        'web_search',
        {
          tools: [
            { type: 'web_search_20250305', name: 'web_search' },
            { name: 'f1', input_schema: { type: 'object' } },
          ],
        },
        /web_?search|googleSearch/,
      ],
      [
        'document.title',
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'x' },
                {
                  type: 'document',
                  title: 't7731',
                  source: { type: 'base64', media_type: 'application/pdf', data: B64 },
                },
              ],
            },
          ],
        },
        /t7731/,
      ],
      [
        'document.context',
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'x' },
                {
                  type: 'document',
                  context: 'c7732',
                  source: { type: 'base64', media_type: 'application/pdf', data: B64 },
                },
              ],
            },
          ],
        },
        /c7732/,
      ],
      [
        'document.citations',
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'x' },
                {
                  type: 'document',
                  citations: { enabled: true },
                  source: { type: 'base64', media_type: 'application/pdf', data: B64 },
                },
              ],
            },
          ],
        },
        /citations/,
      ],
      [
        'document',
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'x' },
                {
                  type: 'document',
                  source: { type: 'base64', media_type: 'application/pdf', data: B64 },
                },
              ],
            },
          ],
        },
        new RegExp(B64.slice(0, 12)),
      ],
      [
        'thinking block',
        {
          messages: [
            { role: 'user', content: 'a' },
            {
              role: 'assistant',
              content: [
                { type: 'thinking', thinking: 't7731', signature: 'sig' },
                { type: 'text', text: 'yo' },
              ],
            },
            { role: 'user', content: 'b' },
          ],
        },
        /t7731/,
      ],
      [
        'text.citations',
        {
          messages: [
            { role: 'user', content: 'a' },
            {
              role: 'assistant',
              content: [
                {
                  type: 'text',
                  text: 'yo',
                  citations: [
                    {
                      type: 'char_location',
                      cited_text: 'u7731',
                      document_index: 0,
                      document_title: null,
                      start_char_index: 0,
                      end_char_index: 1,
                    },
                  ],
                },
              ],
            },
            { role: 'user', content: 'b' },
          ],
        },
        /u7731/,
      ],
      [
        'search_result',
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'x' },
                {
                  type: 'search_result',
                  source: 's',
                  title: 't',
                  content: [{ type: 'text', text: 'r7731' }],
                },
              ],
            },
          ],
        },
        /r7731/,
      ],
      [
        'tool_result.is_error',
        {
          tools: [{ name: 'f1', input_schema: { type: 'object' } }],
          messages: [
            { role: 'user', content: 'a' },
            {
              role: 'assistant',
              content: [{ type: 'tool_use', id: 'toolu_1', name: 'f1', input: {} }],
            },
            {
              role: 'user',
              content: [
                { type: 'tool_result', tool_use_id: 'toolu_1', content: 'bad', is_error: true },
              ],
            },
          ],
        },
        /is_error|"error"/,
      ],
    ] as [string, J, RegExp][]
  ).map(
    ([l, x, r]) =>
      [
        'anthropic',
        l,
        { max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...x },
        r,
      ] as const,
  ),
  // gemini
  ...(
    [
      ...(
        [
          ['temperature', 0.7731],
          ['topP', 0.7731],
          ['topK', 7731],
          ['maxOutputTokens', 7731],
          ['seed', 7731],
          ['presencePenalty', 0.7731],
          ['frequencyPenalty', 0.7731],
        ] as [string, number][]
      ).map(([k, v]) => [
        k,
        { generationConfig: { [k]: v } },
        new RegExp(String(v).replace('.', '\\.')),
      ]),
      ['candidateCount', { generationConfig: { candidateCount: 2 } }, /"(n|candidateCount)":2/],
      ['stopSequences', { generationConfig: { stopSequences: ['S7731'] } }, /S7731/],
      ['responseLogprobs', { generationConfig: { responseLogprobs: true } }, /logprobs/i],
      ['logprobs', { generationConfig: { responseLogprobs: true, logprobs: 7 } }, /:7\b/],
      ['responseMimeType', { generationConfig: { responseMimeType: 'application/json' } }, /json/],
      [
        'responseSchema',
        {
          generationConfig: {
            responseMimeType: 'application/json',
            responseSchema: {
              type: 'OBJECT',
              properties: { q: { type: 'STRING', description: 's7733' } },
            },
          },
        },
        /s7733/,
      ],
      [
        'responseModalities',
        { generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } },
        /odalities/,
      ],
      [
        'speechConfig',
        {
          generationConfig: {
            speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'v7731' } } },
          },
        },
        /v7731/,
      ],
      [
        'mediaResolution',
        { generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_LOW' } },
        /RESOLUTION|"low"/,
      ],
      ['imageConfig', { generationConfig: { imageConfig: { aspectRatio: '7:731' } } }, /7:731/],
      [
        'thinkingBudget',
        { generationConfig: { thinkingConfig: { thinkingBudget: 2731 } } },
        /2731|reasoning|thinking/i,
      ],
      [
        'safetySettings',
        { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }] },
        /HARASSMENT/,
      ],
      ['cachedContent', { cachedContent: 'cachedContents/c7731' }, /c7731/],
      ['labels', { labels: { k: 'v7731' } }, /v7731/],
      ['systemInstruction', { systemInstruction: { parts: [{ text: 's7731' }] } }, /s7731/],
      ['unknown', { zz: 'x7731' }, /x7731/],
      ['genconfig.unknown', { generationConfig: { zz: 'x7731' } }, /x7731/],
      [
        'googleSearch',
        { tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: 'f1' }] }] },
        /googleSearch|web_search/,
      ],
      [
        'declaration.response',
        {
          tools: [
            {
              functionDeclarations: [{ name: 'f1', response: { type: 'OBJECT', title: 'r7731' } }],
            },
          ],
        },
        /r7731/,
      ],
      [
        'declaration.behavior',
        { tools: [{ functionDeclarations: [{ name: 'f1', behavior: 'NON_BLOCKING' }] }] },
        /NON_BLOCKING/,
      ],
      [
        'videoMetadata',
        {
          contents: [
            {
              role: 'user',
              parts: [
                { text: 'x' },
                { inlineData: { mimeType: 'image/png', data: PNG }, videoMetadata: { fps: 7 } },
              ],
            },
          ],
        },
        /videoMetadata/,
      ],
      [
        'part.mediaResolution',
        {
          contents: [
            {
              role: 'user',
              parts: [
                { text: 'x' },
                {
                  inlineData: { mimeType: 'image/png', data: PNG },
                  mediaResolution: { level: 'MEDIA_RESOLUTION_LOW' },
                },
              ],
            },
          ],
        },
        /RESOLUTION|"low"/,
      ],
      [
        'inlineData.displayName',
        {
          contents: [
            {
              role: 'user',
              parts: [
                { text: 'x' },
                {
                  inlineData: { mimeType: 'application/pdf', data: B64, displayName: 'n7731.pdf' },
                },
              ],
            },
          ],
        },
        /n7731/,
      ],
      [
        'audio',
        {
          contents: [
            {
              role: 'user',
              parts: [{ text: 'x' }, { inlineData: { mimeType: 'audio/wav', data: B64 } }],
            },
          ],
        },
        new RegExp(B64.slice(0, 12)),
      ],
      [
        'video',
        {
          contents: [
            {
              role: 'user',
              parts: [{ text: 'x' }, { inlineData: { mimeType: 'video/mp4', data: B64 } }],
            },
          ],
        },
        new RegExp(B64.slice(0, 12)),
      ],
      [
        'executableCode',
        {
          contents: [
            { role: 'user', parts: [{ text: 'a' }] },
            {
              role: 'model',
              parts: [{ executableCode: { language: 'PYTHON', code: 'c7731' } }, { text: 'yo' }],
            },
            { role: 'user', parts: [{ text: 'b' }] },
          ],
        },
        /c7731/,
      ],
    ] as [string, J, RegExp][]
  ).map(
    ([l, x, r]) =>
      ['gemini', l, { contents: [{ role: 'user', parts: [{ text: 'hello' }] }], ...x }, r] as const,
  ),
]
