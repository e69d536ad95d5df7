import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DialectName } from '@postern/testing'
import { expect } from 'vitest'

/** A server that checks requests against OpenAI's own API description. */
export interface Steady {
  /**
   * Fails when OpenAI's description does not allow the request; does nothing for other dialects.
   */
  check(dialect: DialectName, body: Record<string, unknown>): Promise<void>
  close(): Promise<void>
}

const specification = fileURLToPath(
  new URL('../../../shared/specs/openai-openapi.yaml', import.meta.url),
)
const program = fileURLToPath(new URL('../node_modules/@stdy/cli/steady.js', import.meta.url))
const paths: Readonly<Partial<Record<DialectName, string>>> = {
  'openai-chat': '/chat/completions',
  'openai-responses': '/responses',
}

/**
 * Starts it on a free port; `undefined` where the description does not lie beside the project,
 * unless it has to.
 */
export async function startSteady(): Promise<Steady | undefined> {
  if (!existsSync(specification)) {
    if (process.env['REQUIRE_RECORDINGS'] === '1')
      throw new Error('The folder shared/specs does not lie beside the project.')
    return undefined
  }
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [program, '--host', '127.0.0.1', '--port', String(port), '--quiet', specification],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const exited = once(child, 'exit')
  await Promise.race([
    listening(child.stdout),
    exited.then(() => Promise.reject(new Error('Steady did not start.'))),
  ])
  return {
    async check(dialect, body) {
      const path = paths[dialect]
      if (path === undefined) return
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-any' },
        body: JSON.stringify(body),
      })
      await response.text()
      expect(
        problemsOf(response.headers).filter((problem) => !isMistaken(problem)),
        JSON.stringify(body),
      ).toEqual([])
    },
    async close() {
      child.kill()
      await exited
    },
  }
}

interface Problem {
  readonly code: string | null
  readonly path: string | null
  readonly message: string | null
}

function problemsOf(headers: Headers): Problem[] {
  const count = Number(headers.get('x-steady-error-count') ?? 0)
  const field = (at: number, name: string): string | null =>
    headers.get(`x-steady-error-${at + 1}-${name}`)
  return Array.from({ length: count }, (_, at) => ({
    code: field(at, 'code'),
    path: field(at, 'path'),
    message: field(at, 'message'),
  }))
}

/**
 * A message with a list of parts is two of the description's alternatives at once, which the
 * checker takes for a fault.
 */
function isMistaken({ code, path }: Problem): boolean {
  return (code === 'E3012' || code === 'E3008') && path !== null && /^body\.input(\.|$)/.test(path)
}

async function listening(output: NodeJS.ReadableStream): Promise<void> {
  for await (const line of createInterface({ input: output }))
    if (/listening|ready|http:\/\//i.test(line)) return
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
