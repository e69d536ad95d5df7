import type { AwsCredentials, AwsCredentialsFunction } from './credentials.ts'
import {
  type BedrockSettings,
  createBedrockMantleProvider,
  createBedrockProvider,
} from './provider.ts'
import type { CloudFault, CloudSettings } from '../cloud.ts'
import type { ProviderDeps } from '../deps.ts'
import type { Provider } from '../provider.ts'

/** A provider at Amazon Bedrock from what was configured, or what keeps it from being one. */
export function createBedrock(
  settings: CloudSettings,
  { clock }: ProviderDeps,
): Provider | CloudFault {
  const ready = settingsOf(settings)
  return 'message' in ready ? ready : createBedrockProvider(ready, clock)
}

/** The same at Bedrock's OpenAI-compatible endpoint. */
export function createMantle(
  settings: CloudSettings,
  { clock }: ProviderDeps,
): Provider | CloudFault {
  const ready = settingsOf(settings)
  return 'message' in ready ? ready : createBedrockMantleProvider(ready, clock)
}

const REGION = /^[a-z]{2,}(?:-[a-z]+)+-\d+$/

function settingsOf(settings: CloudSettings): BedrockSettings | CloudFault {
  const { name, region, baseUrl, models, headers, quirks } = settings
  if (region === undefined) {
    return {
      message: 'Nothing says in which region of AWS this is.',
      fix: 'Set AWS_REGION, or in code or in a file its region.',
    }
  }
  if (!REGION.test(region))
    return {
      option: 'region',
      message: 'This is not a region.',
      fix: 'Write one such as us-east-1 or eu-central-1.',
    }
  const credentials = credentialsOf(settings)
  return 'message' in credentials
    ? credentials
    : { name, region, credentials, baseUrl, models, headers, quirks }
}

function credentialsOf(
  settings: CloudSettings,
): AwsCredentials | AwsCredentialsFunction | CloudFault {
  const { credentials, apiKey, accessKeyId, secretAccessKey, sessionToken } = settings
  if (typeof credentials === 'function') return credentials
  if (apiKey !== undefined) return { bearerToken: apiKey }
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  }
  const half = accessKeyId !== undefined || secretAccessKey !== undefined
  const message = half
    ? 'Of the two halves of the AWS key there is only one.'
    : 'Bedrock is called with an API key or AWS credentials, and there are none.'
  const fix =
    'Set AWS_BEARER_TOKEN_BEDROCK, or both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; in code, credentials may be a function, ' +
    'such as a credential provider of the AWS SDK.'
  return { message, fix }
}
