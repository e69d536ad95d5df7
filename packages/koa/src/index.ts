import { createGateway, type Gateway, type GatewayOptions } from '@postern/core'
import { handleNode } from '@postern/core/node'
import type { BaseContext, Context, Middleware } from 'koa'

export { createGateway, type Gateway, type GatewayOptions }

/** A gateway as Koa middleware, with the gateway itself for `fetch`, `health` and `close`. */
export type GatewayMiddleware = Middleware & { readonly gateway: Gateway }

/**
 * Mounts an LLM gateway: `app.use(gateway({ prefix: '/llm' }))`, or `mount('/llm', gateway())` with
 * koa-mount. Takes the options of `createGateway`, or a gateway made by it. The answer is written
 * straight to `ctx.res`; middleware around it still sees its status. Without any prefix it hands
 * paths it does not know to the next middleware. `Host` is the context as `identify` and
 * `adminGuard` see it: Koa's own, or that of your application, from the parameter of the function
 * or as `gateway<ParameterizedContext<State>>({ ... })`.
 */
export function gateway<Host extends BaseContext = Context>(
  options: GatewayOptions<Host> | Gateway = {},
): GatewayMiddleware {
  const own = 'handle' in options ? options : createGateway(options)
  const middleware: Middleware = async (ctx, next) => {
    let passedOn = false
    const isMounted = 'mountPath' in ctx && Boolean(ctx.mountPath)
    const { url, originalUrl } = ctx
    const mount = {
      url,
      originalUrl,
      parsedBody: (ctx.request as { body?: unknown }).body,
      host: ctx,
      isMounted,
      fallThrough: () => void (passedOn = true),
      peer: () => ctx.ip,
    }
    const { respond } = ctx
    const onerror = ctx.onerror.bind(ctx)
    ctx.respond = false
    // Koa hands errors of the socket to the host's error handler; a client that leaves an answer of
    // the gateway is none.
    Object.assign(ctx, {
      onerror: (error: Error) => (passedOn || !isClientGone(error) ? onerror(error) : undefined),
    })
    await handleNode(own, { request: ctx.req, response: ctx.res }, mount)
    if (!passedOn) return
    ctx.respond = respond
    return next()
  }
  return Object.assign(middleware, { gateway: own })
}

function isClientGone(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED'
}
