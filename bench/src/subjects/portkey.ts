/**
 * Portkey's own server, headless and in production mode, from the folder that was installed apart
 * from the workspace.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { announce } from '../child.ts'

const entry = process.argv[3]
if (!entry) throw new Error('the second argument is the path of the installed server')

const port = await findFreePort()
process.argv.push(`--port=${port}`, '--headless')
await import(pathToFileURL(entry).href)
announce(port)

/** Its server wants a number and does not tell which one it got when given zero. */
async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port: free } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return free
}
