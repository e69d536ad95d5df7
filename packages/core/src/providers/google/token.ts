import { GatewayError } from '../../errors.ts'
import type { ProviderDeps } from '../deps.ts'
import {
  CLOUD_SCOPE,
  type GoogleCredentials,
  issueToken,
  ServiceAccount,
} from './service-account.ts'
import { TokenCache } from '../token-cache.ts'

/** The part of the package `google-auth-library` that is used. */
export interface GoogleAuthLibrary {
  readonly GoogleAuth: new (options: {
    readonly scopes: string
    readonly credentials?: unknown
  }) => { getAccessToken(): Promise<string | null | undefined> }
}

export interface GoogleTokenOptions {
  /** The provider's name, for messages. */
  readonly provider: string
  /** Absent: what the machine has (Google's application default credentials). */
  readonly credentials: GoogleCredentials | undefined
  readonly deps: ProviderDeps
  /** Loads the optional package; rejects when it is not installed. */
  readonly loadLibrary?: () => Promise<GoogleAuthLibrary>
}

/**
 * A source of access tokens. A service account signs for itself; users' own credentials, workload
 * identity and the metadata server are left to `google-auth-library`, which is loaded when the
 * first token is needed.
 *
 * Throws a `TypeError` for a service account that cannot sign; the source rejects with
 * `provider_credentials`.
 */
export function createGoogleToken(options: GoogleTokenOptions): () => Promise<string> {
  const { credentials, provider, deps } = options
  if (credentials === undefined || !isServiceAccount(credentials)) return libraryToken(options)
  const account = new ServiceAccount(credentials)
  const cache = new TokenCache(() => issueToken(account, provider, deps), deps.clock)
  return () => cache.get()
}

/** Written by hand, the type is often left out. */
function isServiceAccount({ type, private_key: key }: GoogleCredentials): boolean {
  return type === undefined ? key !== undefined : type === 'service_account'
}

const PACKAGE: string = 'google-auth-library'

function libraryToken({
  provider,
  credentials,
  loadLibrary = importLibrary,
}: GoogleTokenOptions): () => Promise<string> {
  const start = async (): Promise<InstanceType<GoogleAuthLibrary['GoogleAuth']>> => {
    const { GoogleAuth } = await loadLibrary().catch((cause: unknown) => {
      throw notInstalled(provider, credentials, cause)
    })
    return new GoogleAuth({
      scopes: CLOUD_SCOPE,
      ...(credentials === undefined ? {} : { credentials }),
    })
  }
  let starting: ReturnType<typeof start> | undefined
  return async () => {
    starting ??= start()
    try {
      // Caches the token and replaces it before it ends.
      const token = await (await starting).getAccessToken()
      if (typeof token === 'string' && token !== '') return token
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      throw noCredentials(provider, cause)
    }
    throw noCredentials(provider)
  }
}

/**
 * The name is in a variable so that bundlers and the type checker do not look for what may not be
 * there.
 */
function importLibrary(): Promise<GoogleAuthLibrary> {
  return import(PACKAGE) as Promise<GoogleAuthLibrary>
}

function notInstalled(
  provider: string,
  credentials: GoogleCredentials | undefined,
  cause: unknown,
): GatewayError {
  const what =
    typeof credentials?.type === 'string'
      ? `credentials of the type ${credentials.type}`
      : 'the default credentials of this machine'
  const message = `${provider} is called with ${what}, which need the package "${PACKAGE}".`
  return new GatewayError(
    'provider_credentials',
    `${message} Run "npm install ${PACKAGE}", or use the key of a service account.`,
    { provider, cause },
  )
}

function noCredentials(provider: string, cause?: unknown): GatewayError {
  const message = `No access token is to be had for ${provider}: set GOOGLE_APPLICATION_CREDENTIALS, or run where the machine has an identity.`
  return new GatewayError('provider_credentials', message, { provider, cause })
}
