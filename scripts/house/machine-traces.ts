import type { Rule, Violation } from './violation.ts'

const portableLock: Rule = {
  why: 'a lock file that names a download address ties every clone to one server',
  mend: 'set `lockfileIncludeTarballUrl: false`, remove registry settings and write the lock file again',
}
const portablePath: Rule = {
  why: 'a path of one machine is a lie on every other',
  mend: 'write it relative to the repository',
}

const lockFiles = /(?:^|\/)(?:pnpm-lock\.yaml|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock)$/
const downloadAddress =
  /(?:tarball|resolved)["']?:? ["']?https?:\/\/|https?:\/\/\S+\.(?:tgz|tar\.gz)\b/
const machinePath =
  /(?<![\w.~/%-])(?:file:\/\/)?(?:\/(?:home|Users|root|work)\/[\w.~-]+|[A-Z]:\\Users\\)/

/**
 * Finds traces of the machine that wrote a file: download addresses in lock files,
 * absolute paths anywhere.
 */
export function checkMachineTraces(path: string, text: string): Violation[] {
  const violations: Violation[] = []
  const isLock = lockFiles.test(path)
  for (const [index, line] of text.split('\n').entries()) {
    if (isLock && downloadAddress.test(line))
      violations.push({
        path,
        line: index + 1,
        what: 'a download address in a lock file',
        ...portableLock,
      })
    const found = machinePath.exec(line)
    if (found !== null)
      violations.push({
        path,
        line: index + 1,
        what: `the absolute path \`${found[0]}\``,
        ...portablePath,
      })
  }
  return violations
}
