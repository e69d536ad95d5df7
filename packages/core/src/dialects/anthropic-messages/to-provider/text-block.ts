import type { TextPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { cacheControl } from './cache-control.ts'
import type { RequestContext } from './context.ts'

/** Text blocks must hold more than white space; what does not is left out. */
export function textBlocks(
  part: Pick<TextPart, 'text' | 'cacheHint'>,
  path: string,
  context: RequestContext,
): JsonObject[] {
  if (part.text.trim() === '') return []
  const cache = cacheControl(part.cacheHint, path, context)
  return [
    cache === undefined
      ? { type: 'text', text: part.text }
      : { type: 'text', text: part.text, cache_control: cache },
  ]
}
