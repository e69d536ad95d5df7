import { expect, it } from 'vitest'
import { typeErrors } from './harness/type-check.ts'

/**
 * Applications whose middleware signs people in, as their frameworks' own documentation types them.
 */
const applications = {
  'express-augmented.ts': `
import { gateway } from '@postern/express'
import express from 'express'
declare global { namespace Express { interface Request { user?: { id: string; team: string; isAdmin: boolean; email: string } } } }
const app = express()
app.use('/llm', gateway({ identify: (req) => req.user && { id: req.user.id, team: req.user.team }, adminGuard: (req) => (req.user?.isAdmin ? req.user.email : null) }))
app.use('/async', gateway({ identify: async (req) => (req.user ? { id: req.user.id } : null) }))
app.use('/and', gateway({ identify: (req) => req.headers.authorization !== undefined && { id: 'x' } }))
`,
  'express-own-request.ts': `
import { gateway, type GatewayOptions } from '@postern/express'
import express, { type Request } from 'express'
interface SignedIn extends Request { session: { userId: string } }
const app = express()
app.use('/llm', gateway({ identify: (req: SignedIn) => ({ id: req.session.userId }) }))
app.use('/named', gateway<SignedIn>({ identify: (req) => ({ id: req.session.userId }), adminGuard: (req) => req.session.userId }))
const options: GatewayOptions<SignedIn> = { identify: ({ session }) => ({ id: session.userId }) }
app.use('/apart', gateway(options))
const plain: GatewayOptions = { routes: { a: ['openai/gpt-5'] }, keys: { web: process.env.WEB_KEY, bot: { key: process.env.BOT_KEY } } }
app.use('/plain', gateway(plain))
`,
  'koa.ts': `
import { gateway } from '@postern/koa'
import Koa, { type ParameterizedContext } from 'koa'
import mount from 'koa-mount'
interface State { user?: { id: string; team: string; email: string } }
interface Extra { tenant(): string }
type AppContext = ParameterizedContext<State, Extra>
const app = new Koa<State, Extra>()
app.use(gateway({ prefix: '/llm', identify: (ctx: AppContext) => ctx.state.user && { id: ctx.state.user.id, tenant: ctx.tenant() } }))
app.use(gateway<AppContext>({ prefix: '/named', identify: (ctx) => ctx.state.user && { id: ctx.state.user.id }, adminGuard: (ctx) => ctx.state.user?.email }))
const plain = new Koa()
plain.use(gateway({ identify: (ctx) => ctx.state.user && { id: ctx.state.user.id } }))
plain.use(mount('/llm', gateway()))
`,
  'hono.ts': `
import { gateway } from '@postern/hono'
import { type Context, Hono } from 'hono'
type AppEnv = { Bindings: { REGION: string }; Variables: { user: { id: string; team: string } | null } }
const app = new Hono<AppEnv>()
app.route('/llm', gateway({ identify: (c: Context<AppEnv>) => { const user = c.get('user'); return user && { id: user.id, team: user.team, tag: c.env.REGION } } }))
app.route('/named', gateway<Context<AppEnv>>({ identify: (c) => c.var.user && { id: c.var.user.id } }))
const plain = new Hono()
plain.route('/llm', gateway({ identify: (c) => c.get('user') && { id: c.get('user').id } }))
plain.route('/', gateway({ prefix: '/llm' }))
`,
}

it('types of the host: identify and adminGuard see the request as the application has declared it', async () => {
  expect(await typeErrors(applications)).toEqual([])
}, 60_000)

it('types of the host: what the application has not declared is an error where it is written', async () => {
  const wrong = {
    'express.ts': `import { gateway } from '@postern/express'\nimport type { Request } from 'express'\ngateway({ identify: (req) => ({ id: req.missing.id }) })\ngateway({ identify: (req: Request) => ({ id: 5 }) })\ngateway({ identify: (req: { other: string }) => ({ id: req.other }) })`,
    'koa.ts': `import { gateway } from '@postern/koa'\nimport type { ParameterizedContext } from 'koa'\ngateway<ParameterizedContext<{ user?: { id: string } }, {}>>({ identify: (ctx) => ({ id: ctx.state.user.id }) })`,
    'hono.ts': `import { gateway } from '@postern/hono'\nimport type { Context } from 'hono'\ngateway<Context<{ Variables: { user: { id: string } } }>>({ identify: (c) => ({ id: c.var.usr.id }) })`,
  }
  const errors = await typeErrors(wrong)
  const places = new Set(
    errors.flatMap((line) => /^(\w+\.ts)\((\d+),/.exec(line)?.slice(1, 3).join(':') ?? []),
  )
  expect([...places].sort()).toEqual([
    'express.ts:3',
    'express.ts:4',
    'express.ts:5',
    'hono.ts:3',
    'koa.ts:3',
  ])
}, 60_000)
