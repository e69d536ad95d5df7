import { type AdapterHarness, adapterConformance } from '@postern/testing'
import type Express from 'express'
import express4 from 'express4'
import type Koa from 'koa'
import koa2 from 'koa2'
import { describe, it } from 'vitest'
import { expressHarness } from './harness/express.ts'
import { honoHarness } from './harness/hono.ts'
import { koaHarness } from './harness/koa.ts'

const harnesses: Record<string, AdapterHarness> = {
  'Express 5': expressHarness(),
  'Express 4': expressHarness(express4 as unknown as typeof Express),
  'Koa 3': koaHarness(),
  'Koa 3 under koa-mount': koaHarness({ koaMount: true }),
  'Koa 2': koaHarness({ framework: koa2 as unknown as typeof Koa }),
  'Hono on Node': honoHarness(),
  'Hono as web-standard fetch': honoHarness({ web: true }),
  // Last: it replaces the global Request and Response for the rest of the file, as the Node adapter
  // does by default.
  'Hono on Node with its own globals': honoHarness({ overrideGlobalObjects: true }),
}

describe.each(Object.entries(harnesses))('%s', (_name, harness) => {
  for (const { name, run } of adapterConformance) it(name, () => run(harness))
})
