import { createHash, createHmac } from 'node:crypto'
import type { Clock } from '../../clock.ts'

/** A key pair of AWS, and the token that goes with it when it is a temporary one. */
export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** Where a signature is valid. */
export interface SigningScope {
  readonly region: string
  /** As in the service's ARNs: `bedrock`. */
  readonly service: string
}

export interface RequestToSign {
  readonly method: string
  /** `host[:port]`, as it is sent. */
  readonly host: string
  /** Path with query, as it is sent: percent-encoded. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | undefined
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * Signs requests as AWS Signature Version 4 asks. The key derived from a secret is good for a day,
 * a region and a service, so it is derived once a day.
 *
 * Source of the rules: "Create a signed AWS API request" in the IAM user guide.
 */
export class Sigv4Signer {
  readonly #scope: SigningScope
  readonly #clock: Pick<Clock, 'now'>
  #derived: { readonly secret: string; readonly day: string; readonly key: Buffer } | undefined

  constructor(scope: SigningScope, clock: Pick<Clock, 'now'>) {
    this.#scope = scope
    this.#clock = clock
  }

  /**
   * The headers that have to be added: the signature covers the method, the path, the query, the
   * body and the signed headers.
   */
  sign(request: RequestToSign, keys: AwsKeys): Record<string, string> {
    const time = timestamp(this.#clock.now())
    const day = time.slice(0, 8)
    const bodyHash = sha256(request.body ?? '')
    const added: Record<string, string> = { 'x-amz-date': time, 'x-amz-content-sha256': bodyHash }
    if (keys.sessionToken !== undefined) added['x-amz-security-token'] = keys.sessionToken
    const signed = signedHeaders({ ...request.headers, ...added, host: request.host })
    const names = signed.map(([name]) => name).join(';')
    const { path, query } = splitPath(request.path)
    const canonical = [
      request.method.toUpperCase(),
      canonicalPath(path),
      canonicalQuery(query),
      ...signed.map(([name, value]) => `${name}:${value}`),
      '',
      names,
      bodyHash,
    ].join('\n')
    const scope = `${day}/${this.#scope.region}/${this.#scope.service}/aws4_request`
    const signature = hmac(
      this.#key(keys.secretAccessKey, day),
      [ALGORITHM, time, scope, sha256(canonical)].join('\n'),
    ).toString('hex')
    return {
      ...added,
      authorization: `${ALGORITHM} Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    }
  }

  #key(secret: string, day: string): Buffer {
    if (this.#derived?.day !== day || this.#derived.secret !== secret) {
      const { region, service } = this.#scope
      this.#derived = {
        secret,
        day,
        key: hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request'),
      }
    }
    return this.#derived.key
  }
}

/** `20260102T030405Z` */
function timestamp(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

/** Headers that proxies may change stay unsigned: a signature over them would break. */
function signedHeaders(headers: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(headers)
    .filter(
      ([name]) =>
        name === 'host' ||
        name === 'content-type' ||
        (name.startsWith('x-amz') && name !== 'x-amzn-trace-id'),
    )
    .map(([name, value]): [string, string] => [name, value.trim().replace(/\s+/g, ' ')])
    .sort(([a], [b]) => compare(a, b))
}

function splitPath(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?')
  return mark === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/**
 * The path is encoded once more here: `%3A` of a model id is signed as `%253A`.
 */
function canonicalPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encode(segment))
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals === -1
        ? { name: pair, value: '' }
        : { name: pair.slice(0, equals), value: pair.slice(equals + 1) }
    })
    .map(({ name, value }) => ({ name: encode(decode(name)), value: encode(decode(value)) }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&')
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A stray `%` is taken for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** By code unit, whatever the locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: Buffer | string, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest()
}
