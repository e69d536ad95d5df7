import { toolNameRule } from '../claude/tool-names.ts'

/** Name of this dialect, and the origin of the signatures it issues. */
export const DIALECT = 'anthropic-messages'

/** The version of the API we speak where the client names none. */
export const DEFAULT_VERSION = '2023-06-01'

/** Names of tools: up to 128 characters. */
export const TOOL_NAMES = toolNameRule(128)
