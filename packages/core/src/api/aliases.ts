/** Another spelling of a path of the table. */
export interface Alias {
  /** As the table has it. */
  readonly path: string
  /** Stands for the model, whatever the body says: Azure's clients name it in the path. */
  readonly deployment?: string
}

/** A base URL with a version, and a client that adds its own: the last one is meant. */
const REPEATED_VERSION = /^(?:\/v\d+(?:(?:beta|alpha)\d*)?)+(\/v\d+(?:(?:beta|alpha)\d*)?\/.+)$/
const DEPLOYMENT = /^\/openai\/deployments\/([^/]+)(\/.+)$/
const BELOW_VENDOR = /^\/openai(?:\/v1)?(\/.+)$/

/**
 * Aliases of paths in the table: the spellings that clients build from a
 * base URL with one part too much or too little, and those of Azure OpenAI. Nothing under `/admin`
 * or `/providers` has another spelling.
 */
export function aliasesOf(path: string): readonly Alias[] {
  const repeated = REPEATED_VERSION.exec(path)?.[1]
  if (repeated !== undefined) return [{ path: repeated }]
  const [, deployment, rest] = DEPLOYMENT.exec(path) ?? []
  if (deployment !== undefined && rest !== undefined) {
    const model = decoded(deployment)
    return model === undefined ? [] : [{ path: `/v1${rest}`, deployment: model }]
  }
  const below = BELOW_VENDOR.exec(path)?.[1]
  if (below !== undefined) return [{ path: `/v1${below}` }]
  return [{ path: `/v1${path}` }]
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
