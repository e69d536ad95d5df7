/** A JSON object as it came off the wire. */
export type JsonObject = Record<string, unknown>
