import { describe, expect, it } from 'vitest'
import { connect } from 'node:tls'
import { once } from 'node:events'
import { refusedUrl, startSilentServer } from './unreachable.ts'

describe('refusedUrl', () => {
  it('is refused', async () => {
    const url = await refusedUrl('/v1')
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
    await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })
})

describe('startSilentServer', () => {
  it('accepts a connection and never finishes its handshake', async () => {
    const server = await startSilentServer()
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) })
    let isSecure = false
    socket.on('secureConnect', () => (isSecure = true))
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await server.close()
    await closed
    await server.close()
    expect(isSecure).toBe(false)
  })
})
