import type { ProviderOptions } from '@postern/core'
import type { FakeProvider } from '@postern/testing'

/** What a fake provider speaks, as the gateway is told. */
export function spokenBy({
  dialect,
}: Pick<FakeProvider, 'dialect'>): NonNullable<ProviderOptions['dialect']> {
  return dialect
}
