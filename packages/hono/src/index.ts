import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type GatewayResponse,
} from '@postern/core'
import { handleNode } from '@postern/core/node'
import { belowMount, handleWeb, targetOf } from '@postern/core/web'
import { type Context, Hono } from 'hono'
import { matchedRoutes } from 'hono/route'

export { createGateway, type Gateway, type GatewayOptions }

/** A gateway as a Hono app, with the gateway itself for `fetch`, `health` and `close`. */
export type GatewayApp = Hono & { readonly gateway: Gateway }

/**
 * Mounts an LLM gateway: `app.route('/llm', gateway())`, or
 * `app.route('/', gateway({ prefix: '/llm' }))`. Takes the options of `createGateway`, or a gateway
 * made by it. On Node, streams are written straight to the socket; elsewhere they are one
 * `Response`. Headers that earlier middleware has set are kept in both. Mounted at the root it
 * hands paths it does not know to the next handler. `Host` is the context as `identify` and
 * `adminGuard` see it: any context, or that of your application with its variables, from the
 * parameter of the function or as `gateway<Context<AppEnv>>({ ... })`.
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
    const mount = {
      url,
      parsedBody,
      host: c,
      requestId,
      isMounted: mountPath !== '',
      fallThrough: () => void (passedOn = true),
    }
    const answer = await ((c.env as { outgoing?: unknown } | undefined)?.outgoing ? onNode : onWeb)(
      own,
      c,
      mount,
    )
    return passedOn ? next() : answer
  })
  return Object.assign(app, { gateway: own })
}

type Mount = NonNullable<Parameters<typeof handleNode>[2]>

async function onNode(own: Gateway, c: Context, mount: Mount): Promise<Response | undefined> {
  const { incoming, outgoing } = c.env as { incoming: IncomingMessage; outgoing: ServerResponse }
  let whole: GatewayResponse | undefined
  let isStream = false
  const onStream = (): void => {
    isStream = true
    c.res.headers.forEach((value, name) => void outgoing.appendHeader(name, value))
  }
  await handleNode(
    own,
    { request: incoming, response: outgoing },
    { ...mount, onStream, onWhole: (answer) => void (whole = answer) },
  )
  // With nobody before us there are no headers to keep, and a plain Response is much cheaper than a
  // merged one.
  if (whole !== undefined && routesOf(c).length === 1)
    return new Response(whole.body as string, whole)
  if (whole !== undefined) return c.body(whole.body as string, whole.status as 200, whole.headers)
  if (!isStream) return undefined
  const sent = new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
  void sent.body // On Node this turns the adapter's light response into a real one, whose header it heeds.
  c.res = undefined // Not to be merged with what earlier middleware has begun: that is written already.
  c.res = sent
  return sent
}

function onWeb(own: Gateway, c: Context, mount: Mount): Promise<Response | undefined> {
  return handleWeb(own, c.req.raw, mount).then(
    (answer) => answer && c.newResponse(answer.body, answer),
  )
}

/**
 * By the context's own getter: an application in CommonJS has another build of Hono, whose symbols
 * `hono/route` does not know.
 */
function routesOf({ req }: Context): ReturnType<typeof matchedRoutes> {
  return req.matchedRoutes ?? matchedRoutes({ req } as Context)
}
