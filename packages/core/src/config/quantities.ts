/**
 * Milliseconds, or a number with a unit: `'250ms'`, `'60s'`, `'10m'`, `'1h'`. At least 1 ms, at
 * most 24 days.
 */
export type Duration = number | string

/**
 * Bytes, or a number with a unit: `'512kb'`, `'20mb'`, `'20MiB'`, where 1 mb and 1 MiB are both
 * 1048576 bytes.
 */
export type Size = number | string
