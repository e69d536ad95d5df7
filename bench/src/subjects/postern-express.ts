import { createServer } from 'node:http'
import { gateway } from '@postern/express'
import express from 'express'
import { serve } from '../child.ts'
import { posternOptions } from './postern-options.ts'

const app = express()
app.use('/llm', gateway(posternOptions()))
serve(createServer(app))
