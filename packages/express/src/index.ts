import { createGateway, type Gateway, type GatewayOptions } from '@postern/core'
import { handleNode } from '@postern/core/node'
import type { Request, RequestHandler } from 'express'

export { createGateway, type Gateway, type GatewayOptions }

/** A gateway as Express middleware, with the gateway itself for `fetch`, `health` and `close`. */
export type GatewayHandler = RequestHandler & { readonly gateway: Gateway }

/**
 * Mounts an LLM gateway: `app.use('/llm', gateway())`, or `app.use(gateway({ prefix: '/llm' }))`.
 * Takes the options of `createGateway`, or a gateway made by it. Works before and after
 * `express.json()`; mount it before, or long prompts meet that parser's own limit of 100 kB.
 * Mounted at the root it hands paths it does not know to the next handler. `Host` is the request as
 * `identify` and `adminGuard` see it: Express's own with what your middleware has declared on it,
 * or a type of yours, from the parameter of the function or as `gateway<SignedInRequest>({ ... })`.
 */
export function gateway<Host extends Request = Request>(
  options: GatewayOptions<Host> | Gateway = {},
): GatewayHandler {
  const own = 'handle' in options ? options : createGateway(options)
  const handler: RequestHandler = (request, response, next) => {
    const { url, originalUrl } = request
    const mount = {
      url,
      originalUrl,
      parsedBody: request.body as unknown,
      host: request,
      isMounted: request.baseUrl !== '',
      fallThrough: next,
      peer: () => request.ip,
    }
    void handleNode(own, { request, response }, mount)
  }
  return Object.assign(handler, { gateway: own })
}
