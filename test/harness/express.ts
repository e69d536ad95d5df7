import type { AdapterHarness } from '@postern/testing'
import { createGateway, gateway } from '@postern/express'
import compression from 'compression'
import express, { type ErrorRequestHandler } from 'express'
import { listen } from './listen.ts'

/** Express 5, or another major given as its module. */
export function expressHarness(framework: typeof express = express): AdapterHarness {
  return {
    async start(setup) {
      const hostErrors: unknown[] = []
      const app = framework()
      if (setup.hostHeader)
        app.use(
          (_request, response, next) => void next(response.setHeader('x-host', 'yes') && undefined),
        )
      if (setup.compression) app.use(compression({ threshold: 0 }) as never)
      if (setup.bodyParser) app.use(framework.json({ limit: '1mb' }))
      const own = createGateway(setup.gateway)
      const second = setup.second && createGateway(setup.second)
      if (second) app.use('/second', gateway(second))
      app.use(setup.mountPath || '/', gateway(own))
      app.get('/host', (_request, response) => void response.send('host'))
      const onError: ErrorRequestHandler = (error, _request, response, _next) => {
        hostErrors.push(error)
        response.status(500).end()
      }
      app.use(onError)
      const server = await listen(app)
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
