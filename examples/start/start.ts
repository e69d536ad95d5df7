/**
 * Program run by `npx -y pnpm@12 start`: one of the example servers with the gateway at /llm. With
 * provider keys in the environment it uses those providers, with none a demo provider on loopback.
 */
import { randomBytes } from 'node:crypto'
import { createServer as createHttpServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { ConfigurationError, createGateway, type Gateway, type GatewayOptions } from '@postern/core'
import { startDemoProvider } from '@postern/testing'
import { createServer as createExpressServer } from '../express/server.ts'
import { createServer as createHonoServer } from '../hono/server.ts'
import { createServer as createKoaServer } from '../koa/server.ts'

const print = (line = ''): void => void process.stdout.write(`${line}\n`)

const frameworks: Record<string, (gateway: Gateway) => Server> = {
  express: (gateway) => createHttpServer(createExpressServer(gateway)),
  koa: (gateway) => createHttpServer(createKoaServer(gateway).callback()),
  hono: (gateway) =>
    createHttpServer(
      getRequestListener(createHonoServer(gateway).fetch, { overrideGlobalObjects: false }),
    ),
}

const framework = process.env.FRAMEWORK || 'express'
const port = Number(process.env.PORT || 3000)
const listen = frameworks[framework]
if (listen === undefined)
  fail(`FRAMEWORK=${framework} is not one of ${Object.keys(frameworks).join(', ')}.`)
if (!Number.isInteger(port) || port < 0 || port > 65535)
  fail(`PORT=${process.env.PORT} is not a port.`)

// Valid for this process only; keys of your own come from POSTERN_KEYS.
const key = `pk_local_${randomBytes(18).toString('base64url')}`
const gateway = await createExampleGateway({
  keys: { local: key },
  ...(framework === 'koa' ? { prefix: '/llm' } : {}),
})
const model = await firstModel()
const server = listen(gateway)
server.on('error', (error: NodeJS.ErrnoException) =>
  fail(
    error.code === 'EADDRINUSE'
      ? `Port ${port} is taken. Set PORT to another one: PORT=${port + 1} npx -y pnpm@12 start`
      : String(error),
  ),
)
server.listen(port, () => announce((server.address() as { port: number }).port))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    void gateway.close({ graceMs: 5000 }).then(() => process.exit(0))
  })
}

async function createExampleGateway(options: GatewayOptions): Promise<Gateway> {
  try {
    return createGateway(options)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    if (error.problems.some(({ place }) => place !== 'providers')) return fail(error.message)
    const demo = await startDemoProvider()
    print(
      'No provider key was found in the environment, so this talks to a demo provider without any model behind it.',
    )
    print(
      'Set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY or another key from docs/configuration.md to use a real one.',
    )
    return createGateway({
      ...options,
      providers: { demo: { baseUrl: demo.url, models: [...(demo.models ?? [])] } },
    })
  }
}

async function firstModel(): Promise<string> {
  const response = await gateway.fetch(
    'http://gateway/llm/v1/models'.replace(framework === 'koa' ? '' : '/llm', ''),
    { headers: { authorization: `Bearer ${key}` } },
  )
  const { data = [] } = (await response.json()) as { data?: { id: string }[] }
  return data[0]?.id ?? fail('No configured provider offers a model.')
}

function announce(actualPort: number): void {
  print()
  print(
    `The ${framework} example listens on http://localhost:${actualPort}, with the gateway at /llm. Try it:`,
  )
  print()
  print(curl(actualPort, { stream: false }))
  print()
  print('or streamed:')
  print()
  print(curl(actualPort, { stream: true }))
  print()
}

function curl(actualPort: number, { stream }: { stream: boolean }): string {
  const body = JSON.stringify({
    model,
    ...(stream ? { stream } : {}),
    messages: [{ role: 'user', content: 'Hello' }],
  })
  return `curl -sS${stream ? 'N' : ''} http://localhost:${actualPort}/llm/v1/chat/completions -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '${body}'`
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
