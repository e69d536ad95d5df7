import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AwsKeys, type RequestToSign, Sigv4Signer } from './sigv4.ts'

const now = Date.UTC(2026, 10, 20, 12, 30, 45, 678)
const scope = { region: 'eu-central-1', service: 'bedrock' }
const keys: AwsKeys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const request: RequestToSign = {
  method: 'POST',
  host: 'bedrock-runtime.eu-central-1.amazonaws.com',
  path: '/model/amazon.nova-2-lite-v1%3A0/converse',
  headers: {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'postern',
  },
  body: '{"messages":[]}',
}

/** Signature of the same request by the AWS SDK. */
async function reference(
  asked: RequestToSign,
  credentials: AwsKeys,
  date = now,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({ ...scope, credentials: { ...credentials }, sha256: Sha256 })
  const [path = '', query = ''] = asked.path.split(/\?(.*)/s)
  const bag = new Map<string, string[]>()
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [name = '', value = ''] = pair.split(/=(.*)/s).map((part) => decodeURIComponent(part))
    bag.set(name, [...(bag.get(name) ?? []), value])
  }
  const unsigned = Object.keys(asked.headers).filter(
    (name) => name !== 'content-type' && !name.startsWith('x-amz'),
  )
  const [hostname = '', port] = asked.host.split(':')
  const signed = await signer.sign(
    {
      method: asked.method,
      protocol: 'https:',
      hostname,
      ...(port === undefined ? {} : { port: Number(port) }),
      path,
      query: Object.fromEntries(bag),
      headers: { ...asked.headers, host: asked.host },
      body: asked.body,
    },
    { signingDate: new Date(date), unsignableHeaders: new Set(unsigned) },
  )
  return signed.headers
}

const word = fc.stringMatching(/^[a-zA-Z0-9._~-]{1,12}$/)
const awkward = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed() && text !== '.' && text !== '..')
const model = fc.oneof(
  word,
  awkward,
  fc.constantFrom(
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-2-lite-v1:0',
    'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4',
  ),
)
// The reference keeps the query in an object, where names of the prototype are lost.
const parameter = fc.tuple(
  awkward.filter((name) => !(name in {})),
  fc.oneof(awkward, fc.constant('')),
)
const header = fc.tuple(
  fc.constantFrom(
    'content-type',
    'x-amz-meta',
    'x-amzn-bedrock-trace',
    'accept',
    'x-team',
    'user-agent',
    'x-amzn-trace-id',
  ),
  fc.stringMatching(/^[!-~][ -~]{0,20}$/),
)
const generated = fc.record({
  method: fc.constantFrom('POST', 'GET'),
  host: fc.constantFrom('bedrock-runtime.eu-central-1.amazonaws.com', '127.0.0.1:8443'),
  path: fc
    .tuple(
      model,
      fc.constantFrom('converse', 'converse-stream', ''),
      fc.uniqueArray(parameter, { maxLength: 3, selector: ([name]) => name }),
    )
    .map(
      ([id, action, query]) =>
        `/model/${encodeURIComponent(id)}/${action}${query.length === 0 ? '' : `?${query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`}`,
    ),
  headers: fc.array(header, { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
  body: fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }),
    fc.constant(undefined),
  ),
})
const credentials = fc.record({
  accessKeyId: word,
  secretAccessKey: fc.string({ minLength: 1, maxLength: 40 }),
  sessionToken: fc.option(word, { nil: undefined }),
})

describe('Sigv4Signer', () => {
  it('signs as the AWS SDK does, whatever is signed', async () => {
    await fc.assert(
      fc.asyncProperty(
        generated,
        credentials,
        fc.date({ min: new Date(0), max: new Date('2099-12-31'), noInvalidDate: true }),
        async (asked, who, date) => {
          const ours = new Sigv4Signer(scope, { now: () => date.getTime() }).sign(asked, who)
          expect({ host: asked.host, ...asked.headers, ...ours }).toEqual(
            await reference(asked, who, date.getTime()),
          )
        },
      ),
      { numRuns: 400 },
    )
  })

  it('signs the session token of temporary keys', () => {
    const headers = new Sigv4Signer(scope, { now: () => now }).sign(request, {
      ...keys,
      sessionToken: 'a-token',
    })
    expect(headers['x-amz-security-token']).toBe('a-token')
    expect(headers.authorization).toContain(
      'SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token,',
    )
  })

  it('signs a model id with `:` and an ARN with `/`, each encoded as it is sent', async () => {
    const signer = new Sigv4Signer(scope, { now: () => now })
    for (const id of [
      'amazon.nova-2-lite-v1:0',
      'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-2-lite-v1:0',
    ]) {
      const asked = { ...request, path: `/model/${encodeURIComponent(id)}/converse` }
      expect(signer.sign(asked, keys).authorization).toBe(
        (await reference(asked, keys)).authorization,
      )
    }
  })

  it('covers the body, the path, the query and the signed headers, not what proxies change', () => {
    const sign = (changed: Partial<RequestToSign>) =>
      new Sigv4Signer(scope, { now: () => now }).sign({ ...request, ...changed }, keys)
        .authorization
    const signature = sign({})
    for (const changed of [
      { body: '{}' },
      { path: '/model/other/converse' },
      { path: `${request.path}?a=b` },
      { method: 'GET' },
      { headers: {} },
      { host: 'evil.example' },
    ]) {
      expect(sign(changed)).not.toBe(signature)
    }
    expect(sign({ headers: { ...request.headers, 'user-agent': 'a proxy', via: '1.1 b' } })).toBe(
      signature,
    )
  })

  it('takes a stray percent sign for itself', () => {
    const sign = (path: string) =>
      new Sigv4Signer(scope, { now: () => now }).sign({ ...request, path }, keys).authorization
    expect(sign('/models?q=100%')).toBe(sign('/models?q=100%25'))
  })

  it('derives a new key with each day and each secret', async () => {
    let time = now
    const signer = new Sigv4Signer(scope, { now: () => time })
    const other = { ...keys, secretAccessKey: 'another-secret' }
    for (const step of [{ keys }, { keys: other }, { keys, days: 1 }, { keys: other, days: 1 }]) {
      time = now + (step.days ?? 0) * 86_400_000
      expect(signer.sign(request, step.keys).authorization).toBe(
        (await reference(request, step.keys, time)).authorization,
      )
    }
  })
})
