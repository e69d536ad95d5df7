import type { ClientRequest } from '../model/request.ts'
import type { Dialect } from '../model/dialect.ts'
import { asksToBeDeferred, namesKeptInput } from '../model/deferred.ts'
import { optionalString, requiredText } from '../wire/fields.ts'
import { estimateTextTokens } from '../tokens/estimate-tokens.ts'
import type { Operation } from '../model/operation.ts'
import { boundOutput, type OutputBounds, requestedOutput } from '../model/output-bounds.ts'
import { forward } from './forward.ts'
import { requestedProvider } from './requested-provider.ts'

/** Properties of an endpoint whose requests name a model. */
export interface ModelEndpoint {
  /** Path below the provider's base URL. */
  readonly path: string
  /** Answer when no stream is requested. */
  readonly answer: 'json' | 'any'
  /**
   * A request without a model goes to the only provider of this API, which has a default model.
   */
  readonly hasDefaultModel?: boolean
  /** Field and value that ask for a stream. @default `stream: true` */
  readonly streamField?: readonly [field: string, value: unknown]
  /** Field with the input text. @default 'prompt' */
  readonly inputField?: 'prompt' | 'input'
  /** Unit of its price, when known. */
  readonly paidBy?: 'tokens' | 'nothing'
  /** Its streams end with `[DONE]`. */
  readonly endsWithDone?: boolean
}

const COMPLETION_BOUNDS: OutputBounds = { names: ['max_tokens'] }

/** A JSON request for any provider that speaks `api`: only the model is rewritten. */
export function readJsonRequest(
  api: Dialect,
  endpoint: ModelEndpoint,
  request: Pick<ClientRequest, 'body' | 'bytes' | 'header'>,
): Operation {
  const { body, bytes } = request
  const place = { value: body, path: '' }
  const model =
    endpoint.hasDefaultModel === true
      ? optionalString(place, 'model')
      : requiredText(place, 'model')
  const [streamField, streamValue] = endpoint.streamField ?? ['stream', true]
  const stream = body[streamField] === streamValue
  return {
    model,
    stream,
    json: () => request,
    isDeferred: () => asksToBeDeferred(body),
    hasKeptInput: () => namesKeptInput(body),
    ...(endpoint.paidBy === 'nothing' && { isFree: true }),
    ...(endpoint.paidBy === 'tokens' && {
      requestedOutput: () => requestedOutput(body, COMPLETION_BOUNDS),
      estimateInput: () =>
        estimateTextTokens([JSON.stringify(body[endpoint.inputField ?? 'prompt'] ?? '')]),
      bounded(this: Operation, most: number) {
        const bounded = boundOutput(body, COMPLETION_BOUNDS, most)
        return bounded === body
          ? this
          : readJsonRequest(api, endpoint, {
              header: (name) => request.header(name),
              body: bounded,
              bytes: undefined,
            })
      },
    }),
    ...(model === undefined ? { provider: requestedProvider(api, request) } : {}),
    translationFor: (target, context) =>
      forward(
        {
          ...endpoint,
          api,
          answer: stream ? 'events' : endpoint.answer,
          buildRequest(targetModel) {
            const isUnchanged = model === undefined || targetModel === model
            return {
              path: endpoint.path,
              body: isUnchanged ? (bytes ?? body) : { ...body, model: targetModel },
              dropped: [],
            }
          },
        },
        target,
        context,
      ),
  }
}
