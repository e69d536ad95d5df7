import { isAwsCredentials } from './aws/credentials.ts'
import type { CloudSettings } from './cloud.ts'
import type { ProviderDeps } from './deps.ts'
import { isToken } from './token-source.ts'

/**
 * The settings with functions of the host that are asked under a deadline, and whose answers are
 * checked.
 */
export function withGuardedFunctions(
  settings: CloudSettings,
  { askHost }: ProviderDeps,
): CloudSettings {
  const { token, credentials } = settings
  if (askHost === undefined) return settings
  return {
    ...settings,
    ...(token !== undefined && { token: () => askHost('provider.token', token, isToken) }),
    ...(typeof credentials === 'function' && {
      credentials: () => askHost('provider.credentials', credentials, isAwsCredentials),
    }),
  }
}
