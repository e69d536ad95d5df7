import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../examples/start/start.ts', import.meta.url))
const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
})

/**
 * Starts an example as `pnpm start` does, without any key in its environment, and gives the curl
 * lines it prints.
 */
async function start(environment: Record<string, string>): Promise<string[]> {
  const { PATH, HOME } = process.env
  const child = spawn(process.execPath, [script], {
    env: { PATH, HOME, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text as string
    const lines = output.split('\n').filter((line) => line.startsWith('curl '))
    if (lines.length === 2 && output.endsWith('\n\n')) return lines
  }
  throw new Error(`The example ended before it printed its curl lines:\n${output}`)
}

const hasCurl = (() => {
  try {
    execFileSync('curl', ['--version'])
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
})()

describe('the start script', () => {
  describe.skipIf(!hasCurl)(
    'prints curl lines that work as printed (skipped where there is no curl)',
    () => {
      it.each(['express', 'koa', 'hono'])('with the %s example', async (framework) => {
        const [plain = '', streamed = ''] = await start({ FRAMEWORK: framework })
        const answer = JSON.parse((await run('sh', ['-c', plain])).stdout) as {
          choices: { message: { content: string } }[]
        }
        expect(answer.choices[0]?.message.content).toMatch(
          /^You said: Hello\n\nI am demo-small, a demo/,
        )
        const { stdout } = await run('sh', ['-c', streamed])
        expect(stdout).toMatch(/^data: \{/)
        expect(stdout).toMatch(/\n\ndata: \[DONE\]\n\n$/)
      })
    },
  )

  it('uses the providers it finds keys for, and says which option is wrong', async () => {
    await expect(start({ OPENAI_API_KEY: 'sk-test', POSTERN_RETRIES: 'many' })).rejects.toThrow(
      /POSTERN_RETRIES/,
    )
    const [line = ''] = await start({})
    const { port } = new URL(/http:\/\/\S+/.exec(line)?.[0] ?? '')
    await expect(start({ PORT: port })).rejects.toThrow(
      `Port ${port} is taken. Set PORT to another one`,
    )
    await expect(start({ FRAMEWORK: 'rails' })).rejects.toThrow(
      /FRAMEWORK=rails is not one of express, koa, hono/,
    )
  })
})
