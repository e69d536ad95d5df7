import type { AdapterHarness } from '@postern/testing'
import { createGateway, gateway } from '@postern/koa'
import { bodyParser } from '@koa/bodyparser'
import Koa from 'koa'
import compress from 'koa-compress'
import mount from 'koa-mount'
import { listen } from './listen.ts'

export interface KoaHarnessOptions {
  /** @default Koa 3 */
  readonly framework?: typeof Koa
  /** Mounted by koa-mount instead of by the gateway's own prefix. */
  readonly koaMount?: boolean
}

export function koaHarness({
  framework = Koa,
  koaMount = false,
}: KoaHarnessOptions = {}): AdapterHarness {
  return {
    async start(setup) {
      const hostErrors: unknown[] = []
      const app = new framework()
      app.on('error', (error) => hostErrors.push(error))
      if (setup.hostHeader) {
        app.use((ctx, next) => {
          ctx.set('x-host', 'yes')
          return next()
        })
      }
      if (setup.compression) app.use(compress({ threshold: 0 }))
      if (setup.bodyParser) app.use(bodyParser({ jsonLimit: '1mb' }))
      const prefix = (koaMount ? '' : setup.mountPath) + (setup.gateway.prefix ?? '')
      const own = createGateway({ ...setup.gateway, prefix })
      const second =
        setup.second && createGateway({ ...setup.second, prefix: koaMount ? '' : '/second' })
      if (second) app.use(koaMount ? mount('/second', gateway(second)) : gateway(second))
      app.use(
        koaMount && setup.mountPath !== '' ? mount(setup.mountPath, gateway(own)) : gateway(own),
      )
      app.use((ctx) => {
        if (ctx.path === '/host') ctx.body = 'host'
      })
      const server = await listen(app.callback())
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
