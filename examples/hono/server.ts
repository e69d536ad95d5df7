import { type Gateway, gateway } from '@postern/hono'
import { Hono } from 'hono'

/** A team's own Hono server with the gateway beside its routes. */
export function createServer(llm: Gateway): Hono {
  const app = new Hono()
  app.route('/llm', gateway(llm))
  app.get('/', (c) => c.text('This is your own application; the LLM gateway lives at /llm.'))
  return app
}
