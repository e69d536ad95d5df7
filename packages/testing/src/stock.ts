import type { ScriptedAnswer, ScriptedToolCall } from './answer.ts'
import type { MediaSeen, OfferedTool, RequestView } from './request-view.ts'
import { exampleOf } from './schema-example.ts'
import type { FakeRequest, ScriptedReply } from './script.ts'

const DEFAULT_CITIES = ['Paris', 'Rome']
const TOOL_CALL_TOKENS = 10
const REQUEST_OVERHEAD_TOKENS = 7

/**
 * The script a provider answers with unless it is given another: the same sensible answer to the
 * same conversation in every dialect, so that one suite can run against all of them. The first that
 * fits:
 *
 * 1. results of tools at the end: `Results: <first> | <second>`
 * 2. 2. a forced tool, or "weather" in the last user text and tools offered: one call per city
 *    named, at most two (Paris and Rome when none is), one when parallel calls are forbidden
 * 3. 3. "json" in the text or a JSON format asked for: a document the schema allows (`{"ok":true}`
 *    without a schema)
 * 4. an image, a file or audio: `You sent image/png (68 bytes).`
 * 5. anything else: `You said: <text>`
 *
 * Usage: 7 tokens and one per word in, one per word and 10 per call out.
 */
export function stockScript(request: FakeRequest): ScriptedReply {
  return { answer: withUsage(stockAnswer(request.view), request.view) }
}

function stockAnswer(view: RequestView): ScriptedAnswer {
  if (view.toolResults.length > 0) return { text: `Results: ${view.toolResults.join(' | ')}` }
  const tool = view.tools.find((offered) => /weather/i.test(offered.name)) ?? view.tools[0]
  const isAboutWeather = /weather/i.test(view.lastUserText)
  if (tool !== undefined && (view.mustCallTool || isAboutWeather))
    return { toolCalls: isAboutWeather ? weatherCalls(tool, view) : [anyCall(tool)] }
  if (view.responseSchema !== undefined)
    return { text: [JSON.stringify(exampleOf(view.responseSchema))] }
  if (view.wantsJson || /\bjson\b/i.test(view.lastUserText)) return { text: ['{"ok":true}'] }
  if (view.media.length > 0) return { text: `You sent ${view.media.map(describe).join(' and ')}.` }
  return { text: `You said: ${view.lastUserText}` }
}

function weatherCalls(tool: OfferedTool, view: RequestView): ScriptedToolCall[] {
  const named = [
    ...view.lastUserText.matchAll(
      /(?:\b(?:in|and|for|or|of)|,)\s+(\p{Lu}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*)*)/gu,
    ),
  ].map((match) => match[1] ?? '')
  const cities = named.length === 0 ? DEFAULT_CITIES : named
  const argument = firstArgument(tool)
  return cities
    .slice(0, view.parallelToolCalls ? 2 : 1)
    .map((city) => ({ name: tool.name, arguments: { [argument]: city } }))
}

function anyCall(tool: OfferedTool): ScriptedToolCall {
  const example = exampleOf(tool.parameters)
  return { name: tool.name, arguments: JSON.stringify(example ?? {}) }
}

function firstArgument(tool: OfferedTool): string {
  const { required, properties } = tool.parameters
  const first: unknown = Array.isArray(required) ? required[0] : undefined
  return typeof first === 'string' ? first : (Object.keys(Object(properties))[0] ?? 'city')
}

function describe(media: MediaSeen): string {
  return 'url' in media ? `a link to ${media.url}` : `${media.mediaType} (${media.bytes} bytes)`
}

function withUsage(answer: ScriptedAnswer, view: RequestView): ScriptedAnswer {
  const text = typeof answer.text === 'string' ? answer.text : (answer.text ?? []).join('')
  const output = wordCount(text) + TOOL_CALL_TOKENS * (answer.toolCalls?.length ?? 0)
  return {
    ...answer,
    usage: { input: REQUEST_OVERHEAD_TOKENS + wordCount(view.lastUserText), output },
  }
}

function wordCount(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}
