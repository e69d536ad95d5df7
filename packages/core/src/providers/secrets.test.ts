import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEAKY_KEY, reveals, spellings } from './secret-spellings.fake.ts'
import { Secrets } from './secrets.ts'

describe('Secrets', () => {
  it('takes every one out of a text, wherever it stands', () => {
    const secrets = new Secrets(['Bearer header-secret', 'the-key'])
    expect(secrets.redact('header-secret,the-key;the-key')).toBe('[removed],[removed];[removed]')
    expect(secrets.redact('nothing of ours')).toBe('nothing of ours')
  })

  it('leaves short values alone: texts contain them anyway', () => {
    expect(new Secrets(['a', '', 'Bearer key']).redact('a key')).toBe('a key')
  })

  it('leaves nothing of a secret that begins with another', () => {
    expect(new Secrets(['secret', 'secret-and-more']).redact('secret-and-more')).toBe('[removed]')
  })

  it('knows a secret as an address writes it', () => {
    expect(new Secrets(['ab/cd+ef==']).redact('?key=ab%2Fcd%2Bef%3D%3D')).toBe('?key=[removed]')
  })

  it('remembers credentials that came later, the last ones at least', () => {
    const secrets = new Secrets(['the-key'])
    for (let at = 100; at < 200; at += 1) secrets.remember([`token-${at}`, 'the-key'])
    expect(secrets.redact('token-198 token-199 the-key')).toBe('[removed] [removed] [removed]')
    expect(secrets.redact('token-100')).toBe('token-100')
  })

  it('shows none when it is printed', () => {
    const secrets = new Secrets(['the-key'])
    secrets.remember(['a-token'])
    expect(JSON.stringify(secrets) + inspect(secrets, { showHidden: true })).not.toMatch(
      /the-key|a-token/,
    )
  })
})

describe('a secret in another spelling', () => {
  const secrets = new Secrets([`Bearer ${LEAKY_KEY}`])

  it.each(Object.entries(spellings))(
    '%s is removed, and the text around it stays',
    (_name, spell) => {
      const spelled = spell(LEAKY_KEY)
      expect(reveals(spelled)).toBe(true)
      for (const [before, behind] of [
        ['', ''],
        ['before: ', ', behind.'],
        ['{"a":"', '"}'],
        ['?a=1&key=', '&b=2'],
        ['%20\\u0020', '\\u0020%20'],
        ['<b>', '</b>'],
      ]) {
        const text = secrets.redact(`${before}${spelled}${behind}`)
        expect(text).toContain('[removed]')
        expect(text.startsWith(before ?? '') && text.endsWith(behind ?? '')).toBe(true)
        expect(reveals(text)).toBe(false)
      }
    },
  )

  it('is removed from whatever surrounds it', () => {
    const around = fc.string({
      unit: fc.constantFrom(
        '%',
        '\\',
        'u',
        '0',
        '2',
        'f',
        '&',
        '#',
        'x',
        ';',
        '=',
        '+',
        '/',
        ' ',
        '"',
        'é',
        'İ',
        '\u{1f600}',
      ),
      maxLength: 12,
    })
    fc.assert(
      fc.property(
        around,
        around,
        fc.constantFrom(...Object.values(spellings)),
        (before, behind, spell) => {
          expect(secrets.redact(`${before} ${spell(LEAKY_KEY)} ${behind}`)).toBe(
            `${before} ${secrets.redact(spell(LEAKY_KEY))} ${behind}`,
          )
          expect(secrets.redact(before + behind)).toBe(before + behind)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is found in time that grows with the text only', () => {
    for (const piece of ['%25', '\\\\', '&#x25;', 'canary/pr0vider', '\n']) {
      const text = piece.repeat(20_000)
      const started = performance.now()
      secrets.redact(text)
      expect(performance.now() - started).toBeLessThan(2_000)
    }
  })
})

describe('a secret cut at one end', () => {
  const long = `canary-${Array.from({ length: 40 }, (_, at) => `${at * 37}x`).join('')}`
  const secrets = new Secrets([LEAKY_KEY, long])

  it.each(Object.entries(spellings))('is removed when it is %s', (_name, spell) => {
    for (const key of [LEAKY_KEY, long]) {
      // Base64 shares its last characters with what stands behind the cut, so that a little more
      // has to be left of it.
      for (let kept = 20; kept <= key.length; kept += key === long ? 9 : 1)
        for (const part of [key.slice(0, kept), key.slice(-kept)])
          expect(secrets.redact(spell(part)), part).toContain('[removed]')
    }
  })

  it('is removed as far as it goes, and nothing beside it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: long.length - 1 }), (kept) => {
        expect(secrets.redact(`Incorrect key ${long.slice(0, kept)}... given`)).toBe(
          'Incorrect key [removed]... given',
        )
        expect(secrets.redact(`Incorrect key ...${long.slice(-kept)} given`)).toBe(
          'Incorrect key ...[removed] given',
        )
      }),
    )
    expect(secrets.redact('canary-0x37x is how keys of this vendor begin')).toBe(
      'canary-0x37x is how keys of this vendor begin',
    )
  })
})
