import { gateway } from '@postern/express'
import { redisStore } from '@postern/redis'
import type { createClient } from '@redis/client'
import express from 'express'

/**
 * A team's own application, which counts its visitors on its Redis. Three lines (marked) give it an
 * LLM gateway whose limits hold for all its instances together, on the same Redis, through the same
 * connection.
 */
export function createServer(redis: ReturnType<typeof createClient>): express.Express {
  const app = express()
  app.get('/', async (_request, response) => {
    response.send(`You are visitor ${await redis.incr('visitors')}.`)
  })
  app.use(
    '/llm',
    gateway({
      // 1
      limits: [{ unit: 'requests', window: 'minute', limit: 5 }], // 2
      store: redisStore({ client: redis }), // 3
    }),
  )
  return app
}
