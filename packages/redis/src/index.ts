import '@postern/core/supported-runtime'
export type { RedisClient } from './commands.ts'
export { redisStore, type RedisStoreOptions } from './store.ts'
