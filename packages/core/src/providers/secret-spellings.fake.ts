/** A provider's key with what each encoding escapes in its own way. */
export const LEAKY_KEY = 'canary/pr0vider+key="x1"\\y=9~z'

const everyCharacter =
  (encode: (code: number) => string) =>
  (text: string): string =>
    [...text].map((character) => encode(character.charCodeAt(0))).join('')
const hex = (code: number, length: number): string => code.toString(16).padStart(length, '0')
const insideJson = (text: string): string => JSON.stringify(text).slice(1, -1)
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/**
 * Spellings of a text that a provider may echo. The last ones combine two of them.
 */
export const spellings: Readonly<Record<string, (key: string) => string>> = {
  verbatim: (key) => key,
  'after Bearer': (key) => `Bearer ${key}`,
  'escaped for JSON': insideJson,
  'escaped for JSON twice': (key) => insideJson(insideJson(key)),
  'percent-encoded': (key) => encodeURIComponent(key),
  'percent-encoded in lower case': (key) =>
    encodeURIComponent(key)
      .toLowerCase()
      .replace(/%../g, (escape) => escape.toLowerCase()),
  'percent-encoded throughout': everyCharacter((code) => `%${hex(code, 2)}`),
  'percent-encoded twice': (key) => encodeURIComponent(encodeURIComponent(key)),
  '\\u-escaped': everyCharacter((code) => `\\u${hex(code, 4)}`),
  '\\U-ESCAPED': everyCharacter((code) => `\\u${hex(code, 4).toUpperCase()}`),
  '\\x-escaped': everyCharacter((code) => `\\x${hex(code, 2)}`),
  'HTML-escaped': everyCharacter((code) => `&#x${hex(code, 2)};`),
  base64,
  'base64 behind one byte': (key) => base64(`x${key}`),
  'base64 of a Basic login': (key) => base64(`us:${key}`),
  'base64 inside JSON': (key) => base64(JSON.stringify({ authorization: `Bearer ${key}` })),
  'base64 with slashes escaped': (key) => base64(key).replaceAll('/', '\\/'),
  'base64 in lines': (key) => base64(`${key} and more`).replace(/.{16}/g, '$&\n'),
  base64url: (key) => Buffer.from(key).toString('base64url'),
  'base64, percent-encoded': (key) => encodeURIComponent(base64(key)),
  hexadecimal: (key) => Buffer.from(key).toString('hex'),
  HEXADECIMAL: (key) => Buffer.from(key).toString('hex').toUpperCase(),
  'in capitals': (key) => key.toUpperCase(),
}

/** Every text that a reader gets who resolves escapes, in any order, as often as there are some. */
function readings(text: string): string[] {
  const seen = new Set([text])
  for (const known of seen) {
    if (seen.size > 12) break
    for (const read of [
      (from: string) => from.replace(/\\(["\\/])/g, '$1'),
      (from: string) => from.replace(/\\[rnt]|\s/g, ''),
      (from: string) =>
        from.replace(
          /\\u([\da-f]{4})|\\x([\da-f]{2})|&#x([\da-f]+);|%([\da-f]{2})/gi,
          (_all, ...codes: (string | undefined)[]) =>
            String.fromCharCode(
              Number.parseInt(codes.find((code) => code !== undefined) ?? '0', 16),
            ),
        ),
      (from: string) =>
        from.replace(/[A-Za-z0-9+/_-]{16,}/g, (run) =>
          ['', 'A', 'AA', 'AAA']
            .map((lead) => Buffer.from(lead + run, 'base64').toString('latin1'))
            .join(' '),
        ),
      (from: string) =>
        from.replace(/[\da-f]{16,}/gi, (run) => Buffer.from(run, 'hex').toString('latin1')),
    ]) {
      const next = read(known)
      if (next.length < 100_000) seen.add(next)
    }
  }
  return [...seen]
}

/** Whether eight characters of the key in a row can be read out of the text. */
export function reveals(text: string, key: string = LEAKY_KEY): boolean {
  const parts = Array.from({ length: key.length - 7 }, (_, at) =>
    key.slice(at, at + 8).toLowerCase(),
  )
  return readings(text).some((reading) => {
    const lower = reading.toLowerCase()
    return parts.some((part) => lower.includes(part))
  })
}
