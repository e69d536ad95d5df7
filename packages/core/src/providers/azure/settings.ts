import { createAzureProvider, DATED_VERSION } from './provider.ts'
import type { CloudFault, CloudSettings } from '../cloud.ts'
import type { Provider } from '../provider.ts'

/** A provider at Azure from what was configured, or what keeps it from being one. */
export function createAzure(settings: CloudSettings): Provider | CloudFault {
  return faultIn(settings) ?? createAzureProvider(settings)
}

/** `v1`, `preview` and `latest` have been names of the current interface; the rest are dates. */
const NAMED_VERSION = /^(?:v1|preview|latest)$/
const RESOURCE = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i

function faultIn(settings: CloudSettings): CloudFault | undefined {
  const { baseUrl, resource, apiVersion } = settings
  if (baseUrl === undefined && resource === undefined) {
    const fix =
      'Set AZURE_OPENAI_ENDPOINT or AZURE_RESOURCE_NAME, or in code or in a file its baseUrl or resource.'
    return { message: 'Nothing says where this resource of Azure is.', fix }
  }
  if (resource !== undefined && !RESOURCE.test(resource)) {
    return {
      option: 'resource',
      message: 'This is not the name of a resource.',
      fix: 'Write what stands before .openai.azure.com, or the whole address as baseUrl.',
    }
  }
  if (
    apiVersion !== undefined &&
    !DATED_VERSION.test(apiVersion) &&
    !NAMED_VERSION.test(apiVersion)
  ) {
    return {
      option: 'apiVersion',
      message: 'This is not a version.',
      fix: 'Write a date such as 2024-10-21 or 2025-04-01-preview, or leave it out for the current interface.',
    }
  }
  return addressFault(settings) ?? credentialFault(settings)
}

function addressFault({ baseUrl, apiVersion }: CloudSettings): CloudFault | undefined {
  const path = baseUrl === undefined ? '' : new URL(baseUrl).pathname.replace(/(?<!\/)\/+$/, '')
  if (/\/deployments(?:\/|$)/.test(path)) {
    const fix =
      'Write the address up to /openai; the deployment is the model of a target, as in "azure/my-deployment".'
    return { option: 'baseUrl', message: 'The address names a deployment.', fix }
  }
  if (path.endsWith('/v1') && apiVersion !== undefined && DATED_VERSION.test(apiVersion)) {
    const fix =
      'Either take /openai/v1 off the address, or leave the version out (unset OPENAI_API_VERSION).'
    return {
      option: 'apiVersion',
      message: 'The address is that of the interface without dated versions.',
      fix,
    }
  }
  return undefined
}

/** At an address of the user's own, whether a key is needed is the user's business. */
function credentialFault({
  baseUrl,
  apiKey,
  token,
  headers,
}: CloudSettings): CloudFault | undefined {
  const isOwnAddress =
    baseUrl !== undefined && !/\.azure\.(?:com|us|cn)$/.test(new URL(baseUrl).hostname)
  if (isOwnAddress || apiKey !== undefined || token !== undefined || headers !== undefined)
    return undefined
  return {
    message: 'Azure is called with a key or an Entra token, and there is none.',
    fix: 'Set AZURE_OPENAI_API_KEY or the option apiKey; in code, token may be a function that gives one.',
  }
}
