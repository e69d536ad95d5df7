/** Ten less than the limit: a number may follow. */
const LONGEST = 190
const FALLBACK = 'document'

/**
 * A name as the service takes it: letters, digits, single spaces, hyphens, parentheses and
 * brackets, used only once in a request. The same files in the same order get the same names, or no
 * prompt would be found in the cache.
 */
export function documentName(name: string | undefined, taken: Set<string>): string {
  const base = plainName(name ?? FALLBACK)
  let candidate = base
  for (let count = 2; taken.has(candidate.toLowerCase()); count += 1)
    candidate = `${base} (${count})`
  taken.add(candidate.toLowerCase())
  return candidate
}

function plainName(name: string): string {
  const plain = name
    // The format stands beside the name.
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    // Letters lose their accents, which are marks of their own in this form.
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-zA-Z0-9\s()[\]-]+/g, '-')
    .replace(/\s+/g, ' ')
    .slice(0, LONGEST)
    .replace(/^[\s-]+|(?<![\s-])[\s-]+$/g, '')
  return plain === '' ? FALLBACK : plain
}
