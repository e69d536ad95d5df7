import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { AdminStore, StoredEntry } from '@postern/core'

/**
 * Something every directory must do, each time with one that is empty. Independent of the test
 * runner.
 */
export interface AdminStoreCase {
  readonly name: string
  run(adminStore: AdminStore): Promise<void>
}

const key = (id: string, name = id): StoredEntry => ({
  kind: 'key',
  id,
  name,
  hash: `hash of ${id}`,
  hint: 'pk_',
  createdAt: 1,
  grants: { team: 'a' },
})

/** Everything that was written after a version, however many answers it takes. */
async function allSince(
  adminStore: AdminStore,
  since: number,
): Promise<{ readonly entries: StoredEntry[]; readonly version: number }> {
  const entries: StoredEntry[] = []
  let version = since
  for (;;) {
    const answer = await adminStore.changesSince(version)
    assert.ok(answer.version >= version)
    for (const entry of answer.entries) entries.push(entry)
    version = answer.version
    if (answer.isMore !== true) return { entries, version }
    assert.ok(answer.entries.length > 0)
  }
}

const idsOf = (entries: readonly StoredEntry[]): string[] => entries.map(({ id }) => id)

export const adminStoreConformance: readonly AdminStoreCase[] = [
  {
    name: 'gives what was written, as it was written, the oldest first',
    async run(adminStore) {
      const entries: StoredEntry[] = [
        key('one'),
        {
          kind: 'limit',
          id: 'limit_1',
          createdAt: 2,
          written: { unit: 'usd', limit: 0.5, note: 'é "quoted" \n' },
        },
        { kind: 'switch', id: 'switch a/*', target: 'a/*', isOff: true, changedAt: 3 },
        { kind: 'removed', id: 'key_0' },
      ]
      for (const entry of entries) await adminStore.put(entry)
      assert.deepEqual((await allSince(adminStore, 0)).entries, entries)
    },
  },
  {
    name: 'gives only what was written since, and nothing where nothing was',
    async run(adminStore) {
      await adminStore.put(key('one'))
      const { version } = await allSince(adminStore, 0)
      assert.deepEqual(await allSince(adminStore, version), { entries: [], version })
      await adminStore.put(key('two'))
      assert.deepEqual(idsOf((await allSince(adminStore, version)).entries), ['two'])
    },
  },
  {
    name: 'gives an entry that was written again once, as it is now',
    async run(adminStore) {
      for (const name of ['a', 'b', 'c']) await adminStore.put(key('one', name))
      await adminStore.put(key('two'))
      await adminStore.put(key('one', 'd'))
      const { entries } = await allSince(adminStore, 0)
      assert.deepEqual(
        [idsOf(entries), (entries[1] as { name: string }).name],
        [['two', 'one'], 'd'],
      )
    },
  },
  {
    name: 'keeps the first secret, and returns it with the entries',
    async run(adminStore) {
      assert.equal((await adminStore.changesSince(0)).secret, undefined)
      const fresh = randomUUID()
      const kept = await Promise.all([
        adminStore.secret(fresh),
        adminStore.secret(randomUUID()),
        adminStore.secret(randomUUID()),
      ])
      assert.equal(new Set(kept).size, 1)
      assert.equal(await adminStore.secret(randomUUID()), kept[0])
      assert.equal((await adminStore.changesSince(0)).secret, kept[0])
    },
  },
  {
    name: 'loses none of many, written at once',
    async run(adminStore) {
      const ids = Array.from({ length: 2_500 }, (_, at) => `key-${at}`)
      for (let at = 0; at < ids.length; at += 100)
        await Promise.all(ids.slice(at, at + 100).map((id) => adminStore.put(key(id))))
      assert.deepEqual(new Set(idsOf((await allSince(adminStore, 0)).entries)), new Set(ids))
    },
  },
]
