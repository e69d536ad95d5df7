import type { JsonObject } from '../../../model/json-object.ts'
import type { Quirks } from '../../../model/quirks.ts'
import { asList, asObject } from '../../../wire/json.ts'
import { fitContent, mediaMessage, withoutMedia } from './content.ts'
import { holdsFor, type Service } from './context.ts'
import { fitFields } from './fields.ts'
import { bridged, merged, withOneSystem } from './order.ts'
import { fitReasoning } from './reasoning.ts'
import { withFitIds } from './tool-ids.ts'

/**
 * The messages of a request as this service takes them, by what the catalogue knows of it;
 * `undefined` where they can stay as they are. A history may have been written by any provider, and
 * echoed by any client.
 */
export function fitHistory(body: JsonObject, service: Service): readonly unknown[] | undefined {
  const given = asList(body.messages)
  const { quirks, model, dropped } = service
  const offersTools = asList(body.tools).length > 0
  let messages = eachFit(given, service, offersTools)
  messages = withFitIds(messages, quirks, dropped)
  if (holdsFor(quirks.oneSystem, model)) messages = withOneSystem(messages, dropped)
  if (quirks.alternates === 'merge') messages = merged(messages)
  else if (quirks.alternates === 'bridge') messages = bridged(messages, dropped)
  if (quirks.marksPrefill === true) messages = withPrefill(messages)
  return messages === given ? undefined : messages
}

/**
 * Each message on its own; pictures in results of tools follow in one message of the user after the
 * last result.
 */
function eachFit(
  given: readonly unknown[],
  service: Service,
  offersTools: boolean,
): readonly unknown[] {
  const { quirks } = service
  const looksAtAll = hasMessageRules(quirks)
  let output: unknown[] | undefined
  let media: { readonly id: unknown; readonly part: unknown }[] = []
  for (let at = 0; at < given.length; at++) {
    const item = given[at]
    const message = asObject(item)
    if (media.length > 0 && message?.role !== 'tool') {
      output?.push(mediaMessage(media))
      media = []
    }
    let fit = message
    if (message?.role === 'developer' && quirks.developerRole !== true)
      fit = { ...message, role: 'system' }
    else if (
      message?.role === 'tool' &&
      quirks.toolMedia !== true &&
      Array.isArray(message.content)
    ) {
      const split = withoutMedia(message)
      fit = split.message
      for (const part of split.media) media.push({ id: message.tool_call_id, part })
    }
    if (looksAtAll && fit !== undefined)
      fit = fitMessage(fit, { path: `messages[${at}]`, service, offersTools })
    if (fit !== message) output ??= given.slice(0, at)
    output?.push(fit ?? item)
  }
  if (media.length > 0) output?.push(mediaMessage(media))
  return output ?? given
}

interface Fitting {
  readonly path: string
  readonly service: Service
  readonly offersTools: boolean
}

function fitMessage(message: JsonObject, { path, service, offersTools }: Fitting): JsonObject {
  const thoughtful = fitReasoning({ message, path }, service, offersTools)
  const bare = fitFields({ message: thoughtful, path }, service)
  return fitContent({ message: bare, path }, service)
}

/** Whether a service has rules that every message is held against. */
function hasMessageRules({
  reasoningField,
  reasoningModels,
  refusesReasoning,
  reasoningFiller,
  messageFields,
  stringContent,
  contentWithCalls,
}: Quirks): boolean {
  return (
    reasoningField !== undefined ||
    reasoningModels !== undefined ||
    refusesReasoning !== undefined ||
    reasoningFiller !== undefined ||
    messageFields !== undefined ||
    stringContent !== undefined ||
    contentWithCalls !== undefined
  )
}

/** A message that only calls tools is no beginning of an answer. */
function withPrefill(messages: readonly unknown[]): readonly unknown[] {
  const last = asObject(messages.at(-1))
  if (last?.role !== 'assistant' || last.prefix !== undefined || asList(last.tool_calls).length > 0)
    return messages
  return [...messages.slice(0, -1), { ...last, prefix: true }]
}
