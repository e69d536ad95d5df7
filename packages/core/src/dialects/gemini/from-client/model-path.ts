const COLLECTIONS = ['models', 'tunedModels']

export interface ModelAction {
  /**
   * The provider's own id, with or without its collection: `gemini-3-pro`, `models/gemini-3-pro`,
   * `tunedModels/mine`.
   */
  readonly model: string
  /** `generateContent`, `countTokens`, ... */
  readonly action: string
  /** @default 'v1beta' */
  readonly version?: string
}

/**
 * `/v1beta/models/gemini-3-pro:generateContent`. Nothing in the id can leave its piece of the path.
 */
export function modelPath({ model, action, version = 'v1beta' }: ModelAction): string {
  const slash = model.indexOf('/')
  const named = slash > 0 && COLLECTIONS.includes(model.slice(0, slash))
  const collection = named ? model.slice(0, slash) : 'models'
  const id = encodeURIComponent((named ? model.slice(slash + 1) : model).toWellFormed())
  return `/${version}/${collection}/${id}:${action}`
}
