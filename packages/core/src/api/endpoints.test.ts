import { describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'
import { endpoints, matchEndpoint } from './endpoints.ts'

function request(
  method: string,
  path: string,
  headers: Record<string, string> = {},
): GatewayRequest {
  const never = (): never => {
    throw new Error('matching must not read the body')
  }
  return {
    method,
    path,
    search: '',
    header: (name) => headers[name],
    headerNames: () => Object.keys(headers),
    bytes: never,
    stream: never,
    signal: new AbortController().signal,
  }
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
    for (const endpoint of endpoints)
      expect(
        matchEndpoint(request(endpoint.method, endpoint.path.replace(/\{\w+(?:\.\.\.)?\}/g, 'x')))
          .endpoint,
      ).toBe(endpoint)
  })

  it('takes HEAD where GET is taken', () => {
    expect(matchEndpoint(request('HEAD', '/v1/models')).endpoint).toMatchObject({ kind: 'models' })
    expect(refusal('HEAD', '/v1/chat/completions').code).toBe('method_not_allowed')
  })

  it.each([
    '/',
    '',
    '/v1',
    '/v1/',
    '/v1/chat/completions/',
    '/V1/chat/completions',
    '//v1/models',
    '/v1/models?x',
    '/v1/files/',
    '/v1/files/a/b',
    '/v1/files/%zz',
    '/providers/acme',
    '/providers/acme/',
    '/providers//v1/x',
    '/constructor',
    '/__proto__',
  ])('has no %j', (path) => {
    expect(refusal('POST', path)).toMatchObject({ code: 'unknown_path', status: 404 })
  })

  it.each([
    ['POST', '/v1/v1/messages', '/v1/messages'],
    ['POST', '/v1/v1/v1/chat/completions', '/v1/chat/completions'],
    ['POST', '/v1/v1beta/models/m:generateContent', '/v1beta/models/m:generateContent'],
    [
      'POST',
      '/v1beta/v1beta/models/m:streamGenerateContent',
      '/v1beta/models/m:streamGenerateContent',
    ],
    ['POST', '/v1/v2/rerank', '/v2/rerank'],
    ['POST', '/chat/completions', '/v1/chat/completions'],
    ['POST', '/messages', '/v1/messages'],
    ['POST', '/messages/count_tokens', '/v1/messages/count_tokens'],
    ['POST', '/responses', '/v1/responses'],
    ['POST', '/embeddings', '/v1/embeddings'],
    ['POST', '/models/m:generateContent', '/v1/models/m:generateContent'],
    ['GET', '/models', '/v1/models'],
    ['GET', '/models/a/b', '/v1/models/a/b'],
    ['GET', '/files/f', '/v1/files/f'],
    ['POST', '/openai/v1/responses', '/v1/responses'],
    ['POST', '/openai/responses', '/v1/responses'],
    ['GET', '/openai/models', '/v1/models'],
    ['POST', '/openai/deployments/my%2Fmodel/chat/completions', '/v1/chat/completions', 'my/model'],
    ['POST', '/openai/deployments/d/embeddings', '/v1/embeddings', 'd'],
  ])(
    '%s %s is %s, unless the paths of the host begin there',
    (method, path, meant, deployment?: string) => {
      const found = matchEndpoint(request(method, path))
      expect([found.path, found.deployment]).toEqual([meant, deployment])
      expect(found.endpoint).toBe(matchEndpoint(request(method, meant)).endpoint)
      expect(() => matchEndpoint({ ...request(method, path), sharesRoot: true })).toThrow(
        /There is no/,
      )
    },
  )

  it.each([
    '/v1/providers/x/y',
    '/v1/v1/providers/x/y',
    '/openai/providers/x/y',
    '/v1/admin/keys',
    '/openai/admin/keys',
    '/v1/v1/admin/keys',
    '/live',
    '/openai/deployments/d/files',
    '/openai/deployments/%zz/chat/completions',
    '/openai/deployments//chat/completions',
    '/v1/v1',
    '/openai/health/live',
  ])('%s means nothing else', (path) => {
    for (const method of ['GET', 'POST']) expect(refusal(method, path).code).toBe('unknown_path')
  })

  it('hands over the pieces of a path, decoded', () => {
    expect(matchEndpoint(request('GET', '/v1/files/file-a%20b/content')).params).toEqual({
      id: 'file-a b',
    })
    expect(matchEndpoint(request('PUT', '/providers/acme/v1/things/x:do')).params).toEqual({
      name: 'acme',
      path: 'v1/things/x:do',
    })
    expect(matchEndpoint(request('GET', '/v1/files/{id}')).params).toEqual({ id: '{id}' })
  })

  it('answers the probe to any client', () => {
    for (const method of ['GET', 'HEAD'])
      expect(matchEndpoint(request(method, '/api/hello')).endpoint.kind).toBe('hello')
  })

  it('names the known paths when none matches', () => {
    expect(refusal('POST', '/v2/chat').message).toMatch(
      /no POST \/v2\/chat here.*\/v1\/chat\/completions/,
    )
  })

  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['OPTIONS', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/models', 'GET'],
    ['POST', '/health/live', 'GET'],
    ['PUT', '/v1/files', 'POST, GET'],
    ['TRACE', '/providers/acme/v1/x', 'GET, POST, PUT, PATCH, DELETE, OPTIONS'],
  ])('%s %s is not allowed, %s is', (method, path, allow) => {
    expect(refusal(method, path)).toMatchObject({
      code: 'method_not_allowed',
      status: 405,
      details: { headers: { allow } },
    })
  })

  it('tells a WebSocket client to use HTTP, at the one path such clients try', () => {
    expect(refusal('GET', '/v1/responses', { upgrade: 'WebSocket' })).toMatchObject({
      code: 'upgrade_required',
      status: 426,
      details: { headers: { connection: 'upgrade' } },
    })
    expect(refusal('GET', '/v1/responses').code).toBe('method_not_allowed')
    expect(refusal('GET', '/elsewhere', { upgrade: 'websocket' }).code).toBe('unknown_path')
  })
})
