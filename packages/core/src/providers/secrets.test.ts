import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
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
    expect(JSON.stringify(secrets) + inspect(secrets, { showHidden: true })).not.toMatch(/the-key|a-token/)
  })
})
