import { expect, it } from 'vitest'
import { nativeHeaders } from './native-headers.ts'

const forwarded = (headers: Record<string, string>) =>
  nativeHeaders({ headerNames: () => Object.keys(headers), header: (name) => headers[name] })

it('forwards what describes the request and switches features', () => {
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    'anthropic-version': '2026-10-21',
    'anthropic-beta': 'a,b',
    'openai-beta': 'x',
    'x-goog-api-client': 'genai',
    'x-goog-upload-protocol': 'resumable',
  }
  expect(forwarded(headers)).toEqual(headers)
})

it.each([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'x-goog-user-project',
  'openai-organization',
  'openai-project',
  'cookie',
  'cookie2',
  'set-cookie',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
  'host',
  'content-length',
  'content-encoding',
  'expect',
  'user-agent',
  'referer',
  'origin',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'x-postern-provider',
  'x-stainless-lang',
  'accept-encoding',
  'range',
  'if-none-match',
  'x-amz-security-token',
  'anthropic',
  'x-goog-',
])('keeps %s to itself', (name) => {
  expect(forwarded({ [name]: 'canary' })).toEqual({})
})
