import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { generate } from 'selfsigned'

export type Certificate = 'good' | 'self-signed' | 'expired' | 'of another host'

/** A unique name, so that any place that prints the certificate's subject is found. */
export const CANARY_SUBJECT = 'canary-subject.example'

export interface TlsUpstream {
  /** `https` origin. */
  readonly url: string
  close(): Promise<void>
}

const DAY_MS = 86_400_000

/**
 * A server with such a certificate, which answers everything with `body`. While it runs, this
 * process trusts who signed it.
 */
export async function startTlsUpstream(
  certificate: Certificate,
  body: string,
): Promise<TlsUpstream> {
  const authority = await generate([{ name: 'commonName', value: 'Authority of a test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  const now = Date.now()
  const isExpired = certificate === 'expired'
  const own = await generate([{ name: 'commonName', value: CANARY_SUBJECT }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - 30 * DAY_MS),
    notAfterDate: new Date(now + (isExpired ? -DAY_MS : DAY_MS)),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          certificate === 'of another host'
            ? { type: 2, value: CANARY_SUBJECT }
            : { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
    ...(certificate !== 'self-signed' && { ca: { key: authority.private, cert: authority.cert } }),
  })
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, authority.cert])
  const server = createServer({ key: own.private, cert: own.cert }, (_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(body)
  })
  // A client that does not trust it hangs up in the middle of the handshake.
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      setDefaultCACertificates(trusted)
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
