import { createGateway, type Gateway, type GatewayOptions } from '@postern/core'
import { handleNode } from '@postern/core/node'
import type { Context, Middleware } from 'koa'

export { createGateway, type Gateway, type GatewayOptions }

/** A gateway as Koa middleware, with the gateway itself for `fetch`, `health` and `close`. */
export type GatewayMiddleware = Middleware & { readonly gateway: Gateway }

/**
 * Mounts an LLM gateway: `app.use(gateway({ prefix: '/llm' }))`, or `mount('/llm', gateway())` with koa-mount. Takes the
 * options of `createGateway`, or a gateway made by it. The answer is written straight to `ctx.res`; middleware around it
 * still sees its status. Without any prefix it hands paths it does not know to the next middleware.
 */
export function gateway(options: GatewayOptions<Context> | Gateway = {}): GatewayMiddleware {
  const own = 'handle' in options ? options : createGateway(options)
  const middleware: Middleware = async (ctx, next) => {
    const url = pathBelow(own.prefix, ctx.url)
    if (url === undefined) return next()
    const isRoot = own.prefix === '' && !('mountPath' in ctx && ctx.mountPath)
    let passedOn = false
    const mount = { url, parsedBody: (ctx.request as { body?: unknown }).body, host: ctx }
    const fallThrough = (): void => void (passedOn = true)
    const respond = ctx.respond
    ctx.respond = false
    await handleNode(own, { request: ctx.req, response: ctx.res }, isRoot ? { ...mount, fallThrough } : mount)
    if (!passedOn) return
    ctx.respond = respond
    return next()
  }
  return Object.assign(middleware, { gateway: own })
}

function pathBelow(prefix: string, url: string): string | undefined {
  if (prefix === '') return url
  return url.startsWith(prefix) && /^([/?]|$)/.test(url.slice(prefix.length)) ? url.slice(prefix.length) || '/' : undefined
}
