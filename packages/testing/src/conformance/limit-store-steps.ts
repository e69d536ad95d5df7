import type { Charge, InstanceLease, ReserveAnswer } from '@postern/core'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { LimitStoreHarness } from './limit-store-case.ts'

export const HOUR = 3_600_000

export const newId = (): string => `request-${randomUUID()}`

export const newKey = (): string => `test:${newId()}`

export async function period(
  harness: LimitStoreHarness,
  amount: number,
  limit: number,
): Promise<Charge> {
  const now = await harness.now()
  return { kind: 'period', key: newKey(), amount, limit, startsAt: now - HOUR, endsAt: now + HOUR }
}

export const reserve = (
  { limitStore }: LimitStoreHarness,
  ...charges: Charge[]
): Promise<ReserveAnswer> => limitStore.reserve({ id: newId(), charges, ttlMs: HOUR })

export async function reserved(
  harness: LimitStoreHarness,
  ...charges: Charge[]
): Promise<Extract<ReserveAnswer, { status: 'reserved' }>> {
  const answer = await reserve(harness, ...charges)
  assert.equal(answer.status, 'reserved')
  return answer as Extract<ReserveAnswer, { status: 'reserved' }>
}

export async function refused(
  harness: LimitStoreHarness,
  ...charges: Charge[]
): Promise<Extract<ReserveAnswer, { status: 'refused' }>> {
  const answer = await reserve(harness, ...charges)
  assert.equal(answer.status, 'refused')
  return answer as Extract<ReserveAnswer, { status: 'refused' }>
}

export const MOST = Number.MAX_SAFE_INTEGER

/** Every kind of counter that adds up. */
export async function adding(
  harness: LimitStoreHarness,
  amount: number,
  limit: number,
): Promise<readonly Charge[]> {
  const ever: Charge = {
    kind: 'period',
    key: newKey(),
    amount,
    limit,
    startsAt: 0,
    endsAt: Number.POSITIVE_INFINITY,
  }
  return [
    await period(harness, amount, limit),
    ever,
    { kind: 'sliding', key: newKey(), amount, limit, windowMs: HOUR },
  ]
}

export function assertCountable(used: readonly (number | undefined)[], what: string): void {
  for (const one of used)
    assert.ok(
      one !== undefined && Number.isSafeInteger(one) && one >= 0,
      `${what}: ${String(one)} is counted`,
    )
}

export const newLease = (leaseMs: number): InstanceLease => ({ instance: randomUUID(), leaseMs })

export const LEASE_MS = 300

export const knowsInstances = ({ limitStore }: LimitStoreHarness): boolean =>
  limitStore.renew !== undefined && limitStore.giveBack !== undefined

export async function reserveFor(
  { limitStore }: LimitStoreHarness,
  lease: InstanceLease,
  ...charges: Charge[]
): Promise<Extract<ReserveAnswer, { status: 'reserved' }>> {
  const answer = await limitStore.reserve({ id: newId(), charges, ttlMs: HOUR, lease })
  assert.equal(answer.status, 'reserved')
  return answer as Extract<ReserveAnswer, { status: 'reserved' }>
}
