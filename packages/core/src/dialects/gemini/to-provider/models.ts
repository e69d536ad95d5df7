export type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'

/** How thinking of a model is configured. */
export type Thinking =
  | { readonly kind: 'level'; readonly levels: readonly ThinkingLevel[] }
  | {
      readonly kind: 'budget'
      readonly min: number
      readonly max: number
      readonly canDisable: boolean
    }
  | { readonly kind: 'none' }

export interface ModelTraits {
  readonly thinking: Thinking
  /** Refuses a function call of the current turn that comes back without its thought signature. */
  readonly requiresSignatures: boolean
  /** Takes `systemInstruction`. */
  readonly systemInstruction: boolean
}

interface ModelRow extends ModelTraits {
  readonly pattern: RegExp
}

const UNKNOWN: ModelTraits = {
  thinking: { kind: 'none' },
  requiresSignatures: false,
  systemInstruction: true,
}
const GENERATION_3: ModelTraits = {
  thinking: { kind: 'level', levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] },
  requiresSignatures: true,
  systemInstruction: true,
}

/**
 * First match wins. Source: the "thinking" and "thought signatures" pages of the Gemini API
 * documentation.
 */
const rows: readonly ModelRow[] = [
  { pattern: /^gemma-3/, ...UNKNOWN, systemInstruction: false },
  { pattern: /^gemini-2\.5-.*(image|tts|audio)/, ...UNKNOWN },
  {
    pattern: /^gemini-2\.5-pro/,
    ...UNKNOWN,
    thinking: { kind: 'budget', min: 128, max: 32_768, canDisable: false },
  },
  {
    pattern: /^gemini-2\.5-flash-lite/,
    ...UNKNOWN,
    thinking: { kind: 'budget', min: 512, max: 24_576, canDisable: true },
  },
  {
    pattern: /^gemini-2\.5/,
    ...UNKNOWN,
    thinking: { kind: 'budget', min: 1, max: 24_576, canDisable: true },
  },
  { pattern: /^gemini-3-pro-image/, ...GENERATION_3, thinking: { kind: 'none' } },
  {
    pattern: /^gemini-3-pro/,
    ...GENERATION_3,
    thinking: { kind: 'level', levels: ['LOW', 'HIGH'] },
  },
  {
    pattern: /^gemini-(3\.\d+-)?pro(-|$)/,
    ...GENERATION_3,
    thinking: { kind: 'level', levels: ['LOW', 'MEDIUM', 'HIGH'] },
  },
  { pattern: /^gemini-([3-9]|\d{2})/, ...GENERATION_3 },
  { pattern: /^gemini-flash(-lite)?-latest/, ...GENERATION_3 },
]

/**
 * Rules of a model by its id, with or without a `models/` prefix; an unknown one gets
 * the plainest requests.
 */
export function modelTraits(model: string): ModelTraits {
  const id = model.slice(model.lastIndexOf('/') + 1)
  return rows.find((row) => row.pattern.test(id)) ?? UNKNOWN
}
