import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

interface Row {
  readonly phase: string
  readonly requests: number
  readonly answered: number
  readonly spare: number
  readonly bypassed: number
  readonly failures: Readonly<Record<string, number>>
}

const script = fileURLToPath(new URL('../examples/gameday/gameday.ts', import.meta.url))

describe('a game day', () => {
  it(
    'in a short form: users are served through every failure there is an answer to, and told of the others',
    { timeout: 60_000 },
    async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [script, '--json', '--seconds', '1', '--users', '5'],
        { timeout: 50_000 },
      )
      const rows = JSON.parse(stdout) as Row[]
      const row = (phase: string): Row =>
        rows.find((candidate) => candidate.phase === phase) ?? (rows[0] as Row)
      expect(rows.map(({ phase }) => phase)).toHaveLength(8)
      for (const { phase, requests } of rows) expect(requests, phase).toBeGreaterThan(0)
      expect(row('all is well').failures).toEqual({})
      // The next provider answers; what is lost is what had begun when the first one broke off.
      expect(row('the first provider fails')).toMatchObject({
        failures: {},
        spare: row('the first provider fails').answered,
      })
      expect(row('and answers nothing at all').failures).toEqual({})
      expect(
        Object.keys(row('both providers fail').failures).every((name) =>
          /^(?:502|503|504) /.test(name),
        ),
      ).toBe(true)
      // Without the gateway, the client asks the provider itself. Only what was under way when the
      // host died is lost.
      expect(row('the host is killed').bypassed).toBeGreaterThan(0)
      for (const { phase, failures } of rows)
        expect(failures, phase).not.toHaveProperty('a stream that ends without a word')
    },
  )

  it('says how it is called', async () => {
    await expect(
      promisify(execFile)(process.execPath, [script, '--seconds', '0']),
    ).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('gameday [--seconds') })
  })
})
