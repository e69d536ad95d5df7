import { z } from 'zod'
import { meta } from './field-meta.ts'

/** Deviations of a service from its dialect; what they mean is said at `Quirks`. */
export function quirksSchema() {
  const word = z.string().min(1)
  const fixed = z.record(word, z.unknown()).exactOptional()
  const flag = (description: string) => z.boolean().exactOptional().meta(meta({ type: 'boolean', description }))
  return z.strictObject({
    exact: flag('Answers follow the dialect to the letter and are forwarded unrepaired.'),
    relaysSignatures: flag('A router: it passes signatures of the models behind it, which are kept in the history sent to it.'),
    noStreamOptions: flag('`stream_options` is refused.'),
    noFinish: flag('Choices end without a `finish_reason`.'),
    maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']).exactOptional().meta(
      meta({ type: '`max_tokens` or `max_completion_tokens`', description: 'Request field that bounds the output.' }),
    ),
    dropFields: z.array(z.string().min(1)).exactOptional().meta(
      meta({ type: 'list', description: 'Request fields the service refuses; they are removed and reported.' }),
    ),
    fieldNames: z.record(word, word).exactOptional().meta(meta({ type: 'object', description: 'Request fields that go by another name: `{ "seed": "random_seed" }`.' })),
    refusesReasoning: flag('Reasoning in the history is refused.'),
    shortToolIds: flag('Ids of tool calls have nine letters and digits.'),
    marksPrefill: flag('A last message of the assistant, to be continued, carries `prefix: true`.'),
    continuesTurn: flag('A last message of the assistant is gone on with, not answered: see `continueStreams`.'),
    billsAfterDisconnect: flag('Goes on and charges after its client has left: its streams are read to their end, for a minute at most.'),
    predictsEmbeddings: flag("Embeddings are predictions, as in Google's cloud."),
    embeddings: z
      .strictObject({
        dimensionsField: word.exactOptional(),
        encodingField: word.exactOptional(),
        encodings: z.strictObject({ float: word.exactOptional(), base64: word.exactOptional() }).exactOptional(),
        inputTypeField: word.exactOptional(),
        inputTypes: z.partialRecord(z.enum(['query', 'document', 'classification', 'clustering', 'similarity']), word).exactOptional(),
        fixed,
      })
      .exactOptional()
      .meta(meta({ type: 'object', description: 'Other names for the fields of `/embeddings`: `dimensionsField`, `encodingField`, `encodings`, `inputTypeField`, `inputTypes`; what is always sent: `fixed`.' })),
    rerank: z
      .strictObject({ topField: word.exactOptional(), fixed })
      .exactOptional()
      .meta(meta({ type: 'object', description: 'The same for `/rerank`: `topField`, `fixed`.' })),
  })
}
