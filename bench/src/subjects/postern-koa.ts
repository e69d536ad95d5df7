import { createServer } from 'node:http'
import { gateway } from '@postern/koa'
import Koa from 'koa'
import { serve } from '../child.ts'
import { posternOptions } from './postern-options.ts'

const app = new Koa()
app.use(gateway({ prefix: '/llm', ...posternOptions() }))
serve(createServer(app.callback()))
