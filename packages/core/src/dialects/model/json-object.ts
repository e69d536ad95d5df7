/** A parsed JSON object of unknown shape. */
export type JsonObject = Record<string, unknown>
