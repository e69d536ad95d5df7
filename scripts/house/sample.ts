import { readSource, type SourceFile } from './source-file.ts'

/** Where a sample lies unless a test says otherwise: an ordinary file of an ordinary room. */
export const SAMPLE_PATH = 'packages/core/src/ledger/sample.ts'

/** Source for the tests of a rule. */
export function sample(text: string, path = SAMPLE_PATH): SourceFile {
  return readSource(path, text)
}

/** `count` lines. */
export function lines(count: number): string {
  return 'step()\n'.repeat(count)
}
