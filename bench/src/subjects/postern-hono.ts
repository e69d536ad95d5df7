import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { gateway } from '@postern/hono'
import { Hono } from 'hono'
import { serve } from '../child.ts'
import { posternOptions } from './postern-options.ts'

const app = new Hono()
app.route('/llm', gateway(posternOptions()))
serve(createServer(getRequestListener(app.fetch)))
