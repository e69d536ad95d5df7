/** Longer names come from no keyboard; comparing them would only cost time. */
const LONGEST_NAME = 128
const MOST_SUGGESTIONS = 3

/**
 * The candidates that `name` may be a typing error of, nearest first, at most three: those few
 * typing errors away and those that begin with it. Case is ignored. Empty when nothing is near.
 */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase()
  if (wanted === '' || wanted.length > LONGEST_NAME) return []
  const tolerance = wanted.length < 4 ? 1 : Math.max(2, Math.ceil(wanted.length / 4))
  const near: { candidate: string; distance: number }[] = []
  for (const candidate of new Set(candidates)) {
    const distance = distanceTo(wanted, candidate.toLowerCase(), tolerance)
    if (distance !== undefined) near.push({ candidate, distance })
  }
  near.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  const nearest = near[0]?.distance ?? 0
  return near
    .filter(({ distance }) => distance <= nearest + 1)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ candidate }) => candidate)
}

/** `Did you mean "a" or "b"?`, or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const names = nearNames(name, candidates)
  return names.length === 0
    ? undefined
    : `Did you mean ${names.map((near) => JSON.stringify(near)).join(' or ')}?`
}

function distanceTo(wanted: string, candidate: string, tolerance: number): number | undefined {
  if (candidate.length > LONGEST_NAME) return undefined
  // A shortened name is no farther away than a mistyped one.
  if (wanted.length >= 3 && candidate.startsWith(wanted))
    return Math.min(candidate.length - wanted.length, tolerance)
  if (Math.abs(wanted.length - candidate.length) > tolerance) return undefined
  const distance = editDistance(wanted, candidate)
  return distance <= tolerance ? distance : undefined
}

/** Insertions, deletions and replacements that turn one text into the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (previous[column - 1] as number) + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(
        Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1),
      )
    }
    previous = current
  }
  return previous[to.length] as number
}
