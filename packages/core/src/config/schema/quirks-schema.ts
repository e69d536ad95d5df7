import { z } from 'zod'
import { reasoningFields } from '../../dialects/index.ts'
import { dialectNames } from '../../providers/index.ts'
import { listed, meta } from './field-meta.ts'

const word = z.string().min(1)

function flag(description: string) {
  return z
    .boolean()
    .exactOptional()
    .meta(meta({ type: 'boolean', description }))
}

function words(description: string) {
  return z
    .array(word)
    .exactOptional()
    .meta(meta({ type: 'list', description }))
}

/** Deviations of a service from its dialect; what they mean is said at `Quirks`. */
export function quirksSchema() {
  const fixed = z.record(word, z.unknown()).exactOptional()
  return z.strictObject({
    exact: flag('Answers follow the dialect to the letter and are forwarded unrepaired.'),
    relaysSignatures: flag(
      'A router: it passes signatures of the models behind it, which are kept in the history sent to it.',
    ),
    noStreamOptions: flag('`stream_options` is refused.'),
    noFinish: flag('Choices end without a `finish_reason`.'),
    maxTokensField: z
      .enum(['max_tokens', 'max_completion_tokens'])
      .exactOptional()
      .meta(
        meta({
          type: '`max_tokens` or `max_completion_tokens`',
          description: 'Request field that bounds the output.',
        }),
      ),
    dropFields: z
      .array(z.string().min(1))
      .exactOptional()
      .meta(
        meta({
          type: 'list',
          description: 'Request fields the service refuses; they are removed and reported.',
        }),
      ),
    fieldNames: z
      .record(word, word)
      .exactOptional()
      .meta(
        meta({
          type: 'object',
          description: 'Request fields that go by another name: `{ "seed": "random_seed" }`.',
        }),
      ),
    refusesReasoning: flag('Reasoning in the history is refused.'),
    ...historyFields(),
    ...toolFields(),
    shortToolIds: flag('Ids of tool calls have nine letters and digits.'),
    toolIdLength: z
      .int()
      .min(8)
      .exactOptional()
      .meta(
        meta({
          type: 'number',
          description:
            'Longest id of a tool call, in characters; longer ones are sent as their digest.',
        }),
      ),
    marksPrefill: flag('A last message of the assistant, to be continued, carries `prefix: true`.'),
    continuesTurn: flag(
      'The service continues a trailing assistant message (prefill): see `continueStreams`.',
    ),
    billsAfterDisconnect: flag(
      'Goes on and charges after its client has left: its answers are read to their end, for a minute at most.',
    ),
    reasoning: z
      .enum(['none', 'shown', 'hidden'])
      .exactOptional()
      .meta(
        meta({
          type: '`none`, `shown` or `hidden`',
          description:
            'How much of their reasoning its models show: with `hidden`, a stream that breaks off counts as its whole reservation.',
        }),
      ),
    powers: z
      .strictObject({
        elsewhere: z.array(word).exactOptional(),
        elsewhereTools: z.array(word).exactOptional(),
        elsewhereModels: patterns().exactOptional(),
        paid: z.array(word).exactOptional(),
        paidModels: patterns().exactOptional(),
      })
      .exactOptional()
      .meta(
        meta({
          type: 'object',
          description:
            'Fields, tools and model ids (regular expressions) that let another model answer (`elsewhere`, `elsewhereTools`, `elsewhereModels`) or cost more than tokens (`paid`, `paidModels`), in place of those the gateway knows: refused where a key has an allow-list or a hard budget applies. `{}` lets all of them through.',
        }),
      ),
    fileSchemes: words(
      'Storage of a cloud that it reads files from: `gs`, `s3`. Elsewhere such files are refused.',
    ),
    predictsEmbeddings: flag("Embeddings are predictions, as in Google's cloud."),
    embeddings: z
      .strictObject({
        dimensionsField: word.exactOptional(),
        encodingField: word.exactOptional(),
        encodings: z
          .strictObject({ float: word.exactOptional(), base64: word.exactOptional() })
          .exactOptional(),
        inputTypeField: word.exactOptional(),
        inputTypes: z
          .partialRecord(
            z.enum(['query', 'document', 'classification', 'clustering', 'similarity']),
            word,
          )
          .exactOptional(),
        fixed,
      })
      .exactOptional()
      .meta(
        meta({
          type: 'object',
          description:
            'Other names for the fields of `/embeddings`: `dimensionsField`, `encodingField`, `encodings`, `inputTypeField`, `inputTypes`; what is always sent: `fixed`.',
        }),
      ),
    rerank: z
      .strictObject({ topField: word.exactOptional(), fixed })
      .exactOptional()
      .meta(meta({ type: 'object', description: 'The same for `/rerank`: `topField`, `fixed`.' })),
  })
}

/** Fields that a service requires or refuses inside a history. */
function historyFields() {
  return {
    reasoningField: z
      .enum(reasoningFields)
      .exactOptional()
      .meta(
        meta({
          type: listed(reasoningFields),
          description:
            'Form in which reasoning of earlier turns is sent: a field of the message, or parts of its content.',
        }),
      ),
    reasoningModels: words(
      'Models that read reasoning of earlier turns, as parts of their names; every other model refuses it.',
    ),
    reasoningFiller: z
      .strictObject({
        on: z.enum(['calls', 'tools']),
        text: z.string(),
        models: z.array(word).exactOptional(),
      })
      .exactOptional()
      .meta(
        meta({
          type: 'object',
          description:
            'Text sent where the service demands reasoning and none was kept: `{ "on": "calls", "text": " " }`. `on` is `calls` (messages that call tools) or `tools` (also every assistant message of a request with tools); `models` are parts of the names this holds for.',
        }),
      ),
    developerRole: flag(
      'Role `developer` is understood. Elsewhere such messages are sent as `system`.',
    ),
    oneSystem: z
      .union([z.boolean(), z.array(word)])
      .exactOptional()
      .meta(
        meta({
          type: 'boolean or list',
          description:
            'Only one system message is taken, and only as the first; or parts of the names of models this holds for.',
        }),
      ),
    alternates: z
      .enum(['merge', 'bridge'])
      .exactOptional()
      .meta(
        meta({
          type: '`merge` or `bridge`',
          description:
            '`merge`: neighbours of one role are joined. `bridge`: a short assistant message is put between a result and a user message.',
        }),
      ),
    messageFields: words(
      'The only fields a message may have beside `role` and `content`: `tool_calls`, or `tool:name` for one role.',
    ),
    stringContent: z
      .array(z.enum(['system', 'user', 'assistant', 'tool']))
      .exactOptional()
      .meta(
        meta({ type: 'list', description: 'Roles of messages whose content must be a string.' }),
      ),
    contentWithCalls: z
      .enum(['empty', 'space'])
      .exactOptional()
      .meta(
        meta({
          type: '`empty` or `space`',
          default: '`null` is sent',
          description: 'Content beside tool calls where there is no text.',
        }),
      ),
    toolMedia: flag(
      'Pictures and files may stand in the result of a tool. Elsewhere they follow in a message of the user.',
    ),
    customTools: flag(
      'Tools of type `custom` are understood. Elsewhere they are offered as functions of one string.',
    ),
  }
}

/** Fields of tools that a service requires or refuses. */
function toolFields() {
  return {
    toolNames: z
      .strictObject({
        max: z.int().min(16).exactOptional(),
        startsWithLetter: z.boolean().exactOptional(),
      })
      .exactOptional()
      .meta(
        meta({
          type: 'object',
          description:
            'Rule for names of tools, where it is not that of the dialect: `{ "max": 96 }`, `startsWithLetter`. Other names are shortened for the call and restored in the answer.',
        }),
      ),
    toolSchema: z
      .enum(['complete', 'same-strict'])
      .exactOptional()
      .meta(
        meta({
          type: '`complete` or `same-strict`',
          description:
            '`complete`: every function has `parameters`. `same-strict`: all tools are strict or none is.',
        }),
      ),
    forcedTools: z
      .union([
        z.enum(['never', 'not-named']),
        z.strictObject({ thinkingOff: z.record(word, z.unknown()) }),
      ])
      .exactOptional()
      .meta(
        meta({
          type: '`never`, `not-named` or object',
          description:
            'Whether the model can be made to call a tool: never, not by name, or only with the fields that switch thinking off: `{ "thinkingOff": { "enable_thinking": false } }`.',
        }),
      ),
    toolsDialect: z
      .strictObject({
        dialect: z.enum(dialectNames),
        models: z.array(word),
        onlyWithEffort: z.array(word).exactOptional(),
      })
      .exactOptional()
      .meta(
        meta({
          type: 'object',
          description:
            'Models, as beginnings of their names, whose function tools are served by another dialect that the provider speaks: `dialect`, `models`. Those of `onlyWithEffort` need it only when the request asks for reasoning.',
        }),
      ),
  }
}

function patterns() {
  return z.array(z.string().min(1).refine(isPattern, { error: 'Write a regular expression.' }))
}

function isPattern(text: string): boolean {
  try {
    // linear: it is compiled here, never matched
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
