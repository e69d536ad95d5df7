import { fileURLToPath } from 'node:url'

const projectFolder = fileURLToPath(new URL('../../', import.meta.url))

/**
 * The line of an error output that says what went wrong, without this machine's paths: it may end
 * up in the docs.
 */
export function readComplaint(errorOutput: string): string {
  const lines = errorOutput
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  // Node quotes the line of source that threw before it says the error itself.
  const line =
    lines.find((candidate) => /^\w*Error\b/.test(candidate)) ??
    lines.find((candidate) => /error/i.test(candidate)) ??
    lines.at(-1) ??
    'no message'
  return line.replaceAll(projectFolder, '')
}
