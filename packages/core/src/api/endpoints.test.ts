import { describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'
import { endpoints, matchEndpoint } from './endpoints.ts'

function request(method: string, path: string, headers: Record<string, string> = {}): GatewayRequest {
  const never = (): never => {
    throw new Error('matching must not read the body')
  }
  return { method, path, search: '', header: (name) => headers[name], headerNames: () => Object.keys(headers), bytes: never, stream: never, signal: new AbortController().signal }
}

function refusal(method: string, path: string, headers?: Record<string, string>): GatewayError {
  try {
    matchEndpoint(request(method, path, headers))
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error(`${method} ${path} was matched`)
}

describe('matchEndpoint', () => {
  it('finds every endpoint of the table by its own method and path', () => {
    expect(endpoints.length).toBeGreaterThan(0)
    for (const endpoint of endpoints) expect(matchEndpoint(request(endpoint.method, endpoint.path.replace(/\{\w+(?:\.\.\.)?\}/g, 'x'))).endpoint).toBe(endpoint)
  })

  it('takes HEAD where GET is taken', () => {
    expect(matchEndpoint(request('HEAD', '/v1/models')).endpoint).toMatchObject({ kind: 'models' })
    expect(refusal('HEAD', '/v1/chat/completions').code).toBe('method_not_allowed')
  })

  it.each(['/', '', '/v1', '/v1/', '/v1/chat/completions/', '/V1/chat/completions', '//v1/models', '/v1/models?x', '/v1/models/gpt', '/v1/files/', '/v1/files/a/b', '/v1/files/%zz', '/providers/acme', '/providers/acme/', '/providers//v1/x', '/constructor', '/__proto__'])('has no %j', (path) => {
    expect(refusal('POST', path)).toMatchObject({ code: 'unknown_path', status: 404 })
  })

  it('hands over the pieces of a path, decoded', () => {
    expect(matchEndpoint(request('GET', '/v1/files/file-a%20b/content')).params).toEqual({ id: 'file-a b' })
    expect(matchEndpoint(request('PUT', '/providers/acme/v1/things/x:do')).params).toEqual({ name: 'acme', path: 'v1/things/x:do' })
    expect(matchEndpoint(request('GET', '/v1/files/{id}')).params).toEqual({ id: '{id}' })
  })

  it('says hello to whoever asks', () => {
    for (const method of ['GET', 'HEAD']) expect(matchEndpoint(request(method, '/api/hello')).endpoint.kind).toBe('hello')
  })

  it('names the known paths to somebody who is lost', () => {
    expect(refusal('POST', '/v2/chat').message).toMatch(/no POST \/v2\/chat here.*\/v1\/chat\/completions/)
  })

  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['OPTIONS', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/models', 'GET'],
    ['POST', '/health/live', 'GET'],
    ['PUT', '/v1/files', 'POST, GET'],
    ['TRACE', '/providers/acme/v1/x', 'GET, POST, PUT, PATCH, DELETE, OPTIONS'],
  ])('%s %s is not allowed, %s is', (method, path, allow) => {
    expect(refusal(method, path)).toMatchObject({ code: 'method_not_allowed', status: 405, details: { headers: { allow } } })
  })

  it('tells a WebSocket client to use HTTP, at the one path such clients try', () => {
    expect(refusal('GET', '/v1/responses', { upgrade: 'WebSocket' })).toMatchObject({ code: 'upgrade_required', status: 426, details: { headers: { connection: 'upgrade' } } })
    expect(refusal('GET', '/v1/responses').code).toBe('method_not_allowed')
    expect(refusal('GET', '/elsewhere', { upgrade: 'websocket' }).code).toBe('unknown_path')
  })
})
