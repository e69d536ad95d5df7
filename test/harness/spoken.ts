import type { ProviderOptions } from '@postern/core'
import type { FakeProvider } from '@postern/testing'

/** Dialect of a fake provider, as the gateway is configured. */
export function spokenBy({
  dialect,
}: Pick<FakeProvider, 'dialect'>): NonNullable<ProviderOptions['dialect']> {
  return dialect
}
