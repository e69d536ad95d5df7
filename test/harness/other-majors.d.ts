/**
 * The older majors are installed beside the current ones; for what the harnesses use, their types
 * are the same.
 */
declare module 'express4' {
  import express from 'express'
  export default express
}

declare module 'koa2' {
  import Koa from 'koa'
  export default Koa
}

declare module 'ioredis5' {
  export { Cluster, Redis } from 'ioredis'
}

declare module 'redis-client-of-4' {
  export { createClient, createCluster } from '@redis/client'
}

declare module 'redis-client-of-5' {
  export { createClient, createCluster } from '@redis/client'
}
