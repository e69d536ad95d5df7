import { type Gateway, gateway } from '@postern/express'
import express from 'express'

/** A team's own Express server with the gateway beside its routes. */
export function createServer(llm: Gateway): express.Express {
  const app = express()
  app.use('/llm', gateway(llm))
  app.get('/', (_request, response) => {
    response.send('This is your own application; the LLM gateway lives at /llm.')
  })
  return app
}
