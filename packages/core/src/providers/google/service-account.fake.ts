import { generateKeyPairSync } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { ProviderDeps, TokenAnswer, TokenRequest } from '../deps.ts'
import type { GoogleCredentials } from './service-account.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Verifies what the account signed. */
export const accountPublicKey = publicKey

/** A service account as the JSON file of one says it; its key is made for this run. */
export const accountFile = {
  type: 'service_account',
  project_id: 'file-project',
  private_key_id: 'key-1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  client_email: 'gateway@file-project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
} as const satisfies GoogleCredentials

/**
 * Answers token requests from a script, in order, and remembers them. A request beyond the script
 * throws.
 */
export class FakeTokens implements ProviderDeps {
  readonly clock: Clock
  readonly requests: TokenRequest[] = []
  readonly #script: readonly (TokenAnswer | Error)[]

  constructor(clock: Clock, script: readonly (TokenAnswer | Error)[] = []) {
    this.clock = clock
    this.#script = script
  }

  readonly fetchToken = async (request: TokenRequest): Promise<TokenAnswer> => {
    const answer = this.#script[this.requests.length]
    this.requests.push(request)
    if (answer === undefined)
      throw new Error(`Token request ${this.requests.length} is not in the script.`)
    if (answer instanceof Error) throw answer
    return answer
  }
}

/** Successful answer of the token endpoint. */
export function granted(token: string, seconds = 3600): TokenAnswer {
  return {
    status: 200,
    body: JSON.stringify({ access_token: token, expires_in: seconds, token_type: 'Bearer' }),
  }
}
