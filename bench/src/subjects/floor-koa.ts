/**
 * The floor inside Koa: the body read by hand (Koa has no parser of its own), answers given to
 * `ctx.body`.
 */
import { createServer } from 'node:http'
import Koa from 'koa'
import { serve } from '../child.ts'
import { createUpstreamClient, readJson, streamHeaders } from './upstream-client.ts'

const callUpstream = createUpstreamClient()
const app = new Koa()
app.use(async (ctx) => {
  const body = await readJson(ctx.req)
  const answer = await callUpstream(body)
  ctx.status = answer.statusCode
  if (body.stream) {
    ctx.set(streamHeaders)
    ctx.body = answer.body
  } else {
    ctx.body = await answer.body.json()
  }
})
serve(createServer(app.callback()))
