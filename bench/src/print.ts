/** The benchmark's only way to write: one line (or block) to standard output. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`)
}
