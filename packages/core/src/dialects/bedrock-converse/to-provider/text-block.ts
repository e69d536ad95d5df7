import type { TextPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { cachePoint } from './cache-point.ts'
import type { RequestContext } from './context.ts'

/** Text blocks must hold more than white space; what does not is left out. */
export function textBlocks(
  part: Pick<TextPart, 'text' | 'cacheHint'>,
  path: string,
  context: RequestContext,
): JsonObject[] {
  return part.text.trim() === ''
    ? []
    : [{ text: part.text }, ...cachePoint(part.cacheHint, path, context)]
}
