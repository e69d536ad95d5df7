import { toolNameRule } from '../claude/tool-names.ts'

/** Name of this dialect, and the origin of the signatures it issues. */
export const DIALECT = 'bedrock-converse'

/** Names of tools: up to 64 characters. */
export const TOOL_NAMES = toolNameRule(64)
