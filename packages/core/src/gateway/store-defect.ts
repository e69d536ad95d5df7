/** `store`: it does not answer; `store-eviction`: it may throw away counts. */
export type StoreDefect = 'store' | 'store-eviction'
