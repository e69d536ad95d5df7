import { findFunctions } from './functions.ts'
import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

const limits = {
  fileLines: 500,
  usualFileLines: 300,
  usualShare: 0.95,
  functionLines: 60,
  parameters: 3,
}

const longFile: Rule = {
  why: 'a file that does one job is read in one sitting',
  mend: 'split it by job and name each part after its own',
}
const longFunction: Rule = {
  why: 'a function longer than a screen hides its order of steps',
  mend: 'give each step a function of its own name',
}
const manyParameters: Rule = {
  why: 'a reader of the call cannot tell a fourth argument from a third',
  mend: 'pass one object with named fields',
}

/** Files, functions and parameter lists within the house limits. Tests and fakes are exempt,
 * tables and schemas from the length of a function.
 */
export function checkSizes(files: readonly SourceFile[]): Violation[] {
  const own = files.filter((file) => !file.isTest && !file.path.endsWith('.fake.ts'))
  return [...own.flatMap(checkFile), ...checkUsualLength(own)]
}

function checkFile(file: SourceFile): Violation[] {
  const violations: Violation[] = []
  if (file.lineCount > limits.fileLines) {
    violations.push({
      path: file.path,
      line: limits.fileLines + 1,
      what: `${file.lineCount} lines, the limit is ${limits.fileLines}`,
      ...longFile,
    })
  }
  for (const { name, line, bodyLines, isTable, parameterCount } of findFunctions(file)) {
    const at = { path: file.path, line }
    if (bodyLines > limits.functionLines && !isTable)
      violations.push({
        ...at,
        what: `\`${name}\` has ${bodyLines} lines, the limit is ${limits.functionLines}`,
        ...longFunction,
      })
    if (parameterCount > limits.parameters)
      violations.push({
        ...at,
        what: `\`${name}\` has ${parameterCount} parameters, the limit is ${limits.parameters}`,
        ...manyParameters,
      })
  }
  return violations
}

function checkUsualLength(files: readonly SourceFile[]): Violation[] {
  const long = files.filter((file) => file.lineCount > limits.usualFileLines)
  if (long.length <= files.length * (1 - limits.usualShare)) return []
  const what = (file: SourceFile): string =>
    `${file.lineCount} lines, and ${long.length} of ${files.length} files are over ${limits.usualFileLines} where ${100 * limits.usualShare} % must not be`
  return long.map((file) => ({
    path: file.path,
    line: limits.usualFileLines + 1,
    what: what(file),
    ...longFile,
  }))
}
