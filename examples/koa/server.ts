import { type Gateway, gateway } from '@postern/koa'
import Koa from 'koa'

/**
 * A team's own Koa server with the gateway beside its routes. The gateway is made with
 * `prefix: '/llm'`.
 */
export function createServer(llm: Gateway): Koa {
  const app = new Koa()
  app.use(gateway(llm))
  app.use((ctx) => {
    ctx.body = 'This is your own application; the LLM gateway lives at /llm.'
  })
  return app
}
