/** A path clients call, and the values that complete its `params`. */
export interface ServedPath {
  readonly path: string
  readonly params: { readonly version: string; readonly action: string }
}

const VERSIONS = ['v1beta', 'v1']

/**
 * The API version of a call, of those we serve: nothing else may become a piece of a provider's
 * path.
 */
export function versionOf({ version }: Readonly<Record<string, string>>): string {
  return VERSIONS.find((served) => served === version) ?? 'v1beta'
}

function pathsOf(actions: readonly string[]): ServedPath[] {
  return VERSIONS.flatMap((version) =>
    actions.map((action) => ({
      path: `/${version}/models/{model...}:${action}`,
      params: { version, action },
    })),
  )
}

/** Conversations: the dialect's `parse` reads them. All are `POST`. */
export const generatePaths: readonly ServedPath[] = pathsOf([
  'generateContent',
  'streamGenerateContent',
])

/** Actions that only a provider of this dialect serves. */
export const nativeActions: readonly string[] = [
  'countTokens',
  'embedContent',
  'batchEmbedContents',
]

/** Paths of those: `readNative` reads them. All are `POST`. */
export const nativePaths: readonly ServedPath[] = pathsOf(nativeActions)
