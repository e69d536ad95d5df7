import { describe, expect, it } from 'vitest'
import { createLogger, type Logger, type LogLevel } from './log.ts'

function written(level: LogLevel): unknown[] {
  const lines: string[] = []
  const log = createLogger(level, { write: (line) => lines.push(line), now: () => 0 })
  log.error('e')
  log.warn('w')
  log.info('i')
  log.debug('d')
  return lines.map((line) => (JSON.parse(line) as { level: unknown }).level)
}

describe('createLogger', () => {
  it.each<[LogLevel, string[]]>([
    ['silent', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ])('%s writes %j', (level, expected) => {
    expect(written(level)).toEqual(expected)
  })

  it('writes one line of JSON per message, whatever is in it', () => {
    const lines: string[] = []
    createLogger('info', { write: (line) => lines.push(line), now: () => 1_796_000_000_000 }).info(
      'two\nlines',
      { id: 'req_1', nested: { text: 'a\nb' } },
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^[^\n]*\n$/)
    expect(JSON.parse(lines[0] as string)).toEqual({
      time: '2026-11-30T00:53:20.000Z',
      level: 'info',
      source: 'postern',
      message: 'two\nlines',
      id: 'req_1',
      nested: { text: 'a\nb' },
    })
  })

  it.each<[LogLevel, boolean]>([
    ['silent', false],
    ['warn', false],
    ['info', true],
    ['debug', true],
  ])('%s wants info: %s', (level, wants) => {
    expect(createLogger(level, { write: () => undefined, now: () => 0 }).wantsInfo).toBe(wants)
  })

  it('hands everything to the logger of the host, called as a method', () => {
    class HostLogger implements Logger {
      readonly seen: unknown[] = []
      error(message: string, fields?: object): void {
        this.seen.push(['error', message, fields])
      }
      warn(message: string, fields?: object): void {
        this.seen.push(['warn', message, fields])
      }
      info(message: string, fields?: object): void {
        this.seen.push(['info', message, fields])
      }
      debug(message: string, fields?: object): void {
        this.seen.push(['debug', message, fields])
      }
    }
    const host = new HostLogger()
    const log = createLogger(host)
    log.error('a', { x: 1 })
    log.warn('b')
    log.info('c')
    log.debug('d')
    expect(host.seen).toEqual([
      ['error', 'a', { x: 1 }],
      ['warn', 'b', undefined],
      ['info', 'c', undefined],
      ['debug', 'd', undefined],
    ])
    expect(log.wantsInfo).toBe(true)
  })

  it.each([
    ['a bigint', { id: 5n }, { id: '5' }],
    ['a field named like the head', { time: 'x', level: 'x', message: 'x' }, {}],
    [
      'a circular value',
      circular(),
      { fieldsLost: expect.stringContaining('circular') as unknown },
    ],
    ['a getter that throws', throwing(), { fieldsLost: 'Error: no value' }],
  ])('writes the line whatever the fields hold: %s', (_, fields, expected) => {
    const lines: string[] = []
    createLogger('info', { write: (line) => lines.push(line), now: () => 0 }).info(
      'message',
      fields,
    )
    expect(JSON.parse(lines[0] as string)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      source: 'postern',
      message: 'message',
      ...expected,
    })
  })

  it('asks a logger that can tell whether info is written', () => {
    const none = () => undefined
    const methods = { error: none, warn: none, info: none, debug: none }
    expect(
      createLogger({ ...methods, isLevelEnabled: (level: string) => level === 'warn' } as Logger)
        .wantsInfo,
    ).toBe(false)
    expect(
      createLogger({
        ...methods,
        isLevelEnabled: () => {
          throw new Error('broken')
        },
      } as Logger).wantsInfo,
    ).toBe(true)
  })

  it('survives a logger that throws', () => {
    const broken = () => {
      throw new Error('disk full')
    }
    const log = createLogger({ error: broken, warn: broken, info: broken, debug: broken })
    for (const level of ['error', 'warn', 'info', 'debug'] as const)
      expect(() => log[level]('a')).not.toThrow()
  })
})

function circular(): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}

function throwing(): Record<string, unknown> {
  return Object.defineProperty({}, 'a', {
    enumerable: true,
    get: () => {
      throw new Error('no value')
    },
  })
}

describe('a logger of the host that fails', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws what has no words',
      () => {
        throw Object.create(null)
      },
    ],
  ])('and %s is reported on standard error once a minute', async (_, broken) => {
    const lines: string[] = []
    let time = 0
    const log = createLogger(
      { error: broken, warn: broken, info: broken, debug: broken } as never,
      { write: (line) => void lines.push(line), now: () => time },
    )
    for (const at of [0, 1_000, 59_000, 60_000]) {
      time = at
      log.info('a line', { secret: 'LEAK' })
      log.error('another')
      await Promise.resolve()
      await Promise.resolve()
    }
    expect(lines.map((line) => JSON.parse(line))).toMatchObject(
      [0, 60_000].map((at) => ({
        time: new Date(at).toISOString(),
        level: 'error',
        message: 'host callback failed',
        callback: 'log',
      })),
    )
    expect(lines.join('')).not.toContain('LEAK')
  })
})
