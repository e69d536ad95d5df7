import type { AdapterHarness } from '@postern/testing'
import { createGateway, gateway } from '@postern/hono'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { listen } from './listen.ts'

export interface HonoHarnessOptions {
  /** Serve the app as a web-standard `fetch` that knows nothing of Node's request and response. */
  readonly web?: boolean
  /** Let the Node adapter replace the global `Request` and `Response`, as it does by default. */
  readonly overrideGlobalObjects?: boolean
}

export function honoHarness({
  web = false,
  overrideGlobalObjects = false,
}: HonoHarnessOptions = {}): AdapterHarness {
  return {
    resolvesPaths: web,
    async start(setup) {
      const hostErrors: unknown[] = []
      const app = new Hono()
      app.onError((error, c) => {
        hostErrors.push(error)
        return c.text('error', 500)
      })
      if (setup.hostHeader) {
        app.use(async (c, next) => {
          c.header('x-host', 'yes')
          await next()
        })
      }
      if (setup.compression) app.use(compress({ threshold: 0 }))
      if (setup.bodyParser) {
        app.use(async (c, next) => {
          if (c.req.header('content-type') === 'application/json' && c.req.method === 'POST')
            await c.req.json().catch(() => undefined)
          await next()
        })
      }
      const own = createGateway(setup.gateway)
      const second = setup.second && createGateway(setup.second)
      if (second) app.route('/second', gateway(second))
      app.route(setup.mountPath || '/', gateway(own))
      app.get('/host', (c) => c.text('host'))
      const serve = web ? (request: Request) => app.fetch(request) : app.fetch
      const server = await listen(
        getRequestListener(serve as typeof app.fetch, { overrideGlobalObjects }),
      )
      return {
        url: server.url,
        hostErrors,
        async close() {
          await server.close()
          await own.close()
          await second?.close()
        },
      }
    },
  }
}
