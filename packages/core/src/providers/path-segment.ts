import { GatewayError } from '../errors.ts'

/**
 * A client's model id as one segment of a path. Throws `model_not_found` for the two names that
 * servers and proxies take for steps upward, whose encoded form they decode before they look.
 */
export function pathSegment(model: string, provider: string): string {
  if (model === '' || model === '.' || model === '..') {
    throw new GatewayError(
      'model_not_found',
      `${provider} has no model ${JSON.stringify(model)}.`,
      { param: 'model', provider },
    )
  }
  // Versions stand behind an @ in some ids, and not every service decodes one.
  return encodeURIComponent(model.toWellFormed()).replaceAll('%40', '@')
}
