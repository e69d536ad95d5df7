import type { IncomingMessage, ServerResponse } from 'node:http'
import { createGateway, type Gateway, type GatewayOptions } from '@postern/core'
import { handleNode } from '@postern/core/node'
import { belowMount, handleWeb, targetOf } from '@postern/core/web'
import { type Context, Hono } from 'hono'
import { matchedRoutes } from 'hono/route'

export { createGateway, type Gateway, type GatewayOptions }

/** A gateway as a Hono app, with the gateway itself for `fetch`, `health` and `close`. */
export type GatewayApp = Hono & { readonly gateway: Gateway }

/**
 * Mounts an LLM gateway: `app.route('/llm', gateway())`, or with `{ prefix: '/llm' }` at the root.
 * Takes the options of `createGateway` or a gateway made by it. On Node, streams are written to the
 * socket; elsewhere each answer is one `Response`. Headers set by earlier middleware are kept.
 * `Host` is the context that `identify` and `adminGuard` receive: `gateway<Context<AppEnv>>({...})`.
 */
export function gateway<Host extends Context = Context>(
  options: GatewayOptions<Host> | Gateway = {},
): GatewayApp {
  const own = 'handle' in options ? options : createGateway(options)
  const app = new Hono()
  app.all('/*', async (c, next) => {
    let passedOn = false
    const mountPath = (routesOf(c)[c.req.routeIndex]?.basePath ?? '').replace(/\/$/, '')
    const url = belowMount(targetOf(c.req.url), mountPath)
    const wasRead = 'json' in c.req.bodyCache || 'text' in c.req.bodyCache
    const parsedBody = wasRead ? await c.req.json<unknown>().catch(() => c.req.text()) : undefined
    const requestId = c.get('requestId' as never) as string | undefined
    const fallThrough = (): void => void (passedOn = true)
    const isMounted = mountPath !== ''
    const mount = { url, parsedBody, host: c, requestId, isMounted, fallThrough }
    const isNode = (c.env as { outgoing?: unknown } | undefined)?.outgoing !== undefined
    const answer = await (isNode ? onNode : onWeb)(own, c, mount)
    return passedOn ? next() : answer
  })
  return Object.assign(app, { gateway: own })
}

type Mount = NonNullable<Parameters<typeof handleNode>[2]>
type Whole = Awaited<ReturnType<Gateway['handle']>>

async function onNode(own: Gateway, c: Context, mount: Mount): Promise<Response | undefined> {
  const { incoming, outgoing } = c.env as { incoming: IncomingMessage; outgoing: ServerResponse }
  let whole: Whole | undefined
  let isStream = false
  const onStream = (): void => {
    isStream = true
    c.res.headers.forEach((value, name) => void outgoing.appendHeader(name, value))
  }
  const onWhole = (answer: Whole): void => void (whole = answer)
  const pair = { request: incoming, response: outgoing }
  await handleNode(own, pair, { ...mount, onStream, onWhole })
  // Without earlier middleware there are no headers to keep, and a plain Response is cheaper.
  const isAlone = whole !== undefined && routesOf(c).length === 1
  if (whole !== undefined && isAlone) return new Response(whole.body as string, whole)
  if (whole !== undefined) return c.body(whole.body as string, whole.status as 200, whole.headers)
  if (!isStream) return undefined
  const sent = new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
  void sent.body // Turns the light response of the Node adapter into a real one with headers.
  c.res = undefined // Headers of earlier middleware are written already: do not merge them again.
  c.res = sent
  return sent
}

async function onWeb(own: Gateway, c: Context, mount: Mount): Promise<Response | undefined> {
  const answer = await handleWeb(own, c.req.raw, mount)
  return answer && c.newResponse(answer.body, answer)
}

/** A CommonJS application has another build of Hono, whose symbols `hono/route` does not know. */
function routesOf({ req }: Context): ReturnType<typeof matchedRoutes> {
  return req.matchedRoutes ?? matchedRoutes({ req } as Context)
}
