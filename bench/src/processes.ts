import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer, Question } from './child.ts'
import { readComplaint } from './complaint.ts'
import { cleanEnvironment } from './environment.ts'

const startDeadlineMs = 20_000
const stopDeadlineMs = 2_000

/** A running child: its port, one question at a time, and a way to end it. */
export interface Child {
  readonly port: number
  ask(question: Question): Promise<Answer>
  stop(): Promise<void>
}

/** Starts children and remembers them, so that none outlives the benchmark. */
export interface Processes {
  start(file: string, args: readonly string[]): Promise<Child>
  stopAll(): Promise<void>
}

export function createProcesses(): Processes {
  const running = new Set<ChildProcess>()
  return {
    async start(file, args) {
      const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
        env: cleanEnvironment(),
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      running.add(child)
      child.once('exit', () => running.delete(child))
      const complaints = collectComplaints(child)
      const ready = await nextAnswer(child, { deadlineMs: startDeadlineMs, complaints }).catch(
        async (error: unknown) => {
          await stop(child)
          throw error
        },
      )
      if (ready.type !== 'ready')
        throw new Error(`${file} answered '${ready.type}' before it was ready`)
      return {
        port: ready.port,
        async ask(question) {
          if (!child.connected) throw new Error(`has ended: ${complaints()}`)
          const answer = nextAnswer(child, { complaints })
          child.send(question)
          return answer
        },
        stop: () => stop(child),
      }
    },
    async stopAll() {
      await Promise.all([...running].map(stop))
    },
  }
}

/**
 * Keeps the end of what the child wrote to standard error: the reason shown when it does not start.
 */
function collectComplaints(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-4_000)
  })
  return () => readComplaint(text)
}

interface Waiting {
  deadlineMs?: number
  complaints: () => string
}

function nextAnswer(child: ChildProcess, { deadlineMs, complaints }: Waiting): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = deadlineMs === undefined ? undefined : setTimeout(onTimeout, deadlineMs)
    child.once('message', onMessage).once('close', onClose).once('error', onError)

    function finish(): void {
      clearTimeout(timer)
      child.off('message', onMessage).off('close', onClose).off('error', onError)
    }
    function onMessage(answer: unknown): void {
      finish()
      resolve(answer as Answer)
    }
    function onClose(code: number | null): void {
      finish()
      reject(new Error(`exited with ${code ?? 'a signal'}: ${complaints()}`))
    }
    function onError(error: Error): void {
      finish()
      reject(error)
    }
    function onTimeout(): void {
      finish()
      reject(new Error(`not ready after ${deadlineMs} ms: ${complaints()}`))
    }
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
