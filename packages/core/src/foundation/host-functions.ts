/**
 * Every option that is, or holds, code of the host application, and the effect of a failure in it:
 *
 * - `identity`: falsy answers name no caller; nonsense, failures and answers that take too long are
 *   refused with 500
 * - `notification`: isolated; its result is not waited for
 * - `decision`: isolated; only `true` is a yes
 * - `credential`: the target cannot be called
 * - `logger`: isolated; a line is lost
 * - `store`: the fail modes of limits hold
 *
 * `test/host-callbacks.test.ts` walks this table with odd behaviours; an option that is missing
 * here does not compile.
 */
export const hostFunctions = {
  identify: 'identity',
  adminGuard: 'identity',
  onRecord: 'notification',
  onAlert: 'notification',
  onAdmin: 'notification',
  disabled: 'decision',
  log: 'logger',
  store: 'store',
  'provider.token': 'credential',
  'provider.credentials': 'credential',
} as const

/** Name of an option that is code of the host application. */
export type HostFunction = keyof typeof hostFunctions
