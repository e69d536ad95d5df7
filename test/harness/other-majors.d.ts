/** The older majors are installed beside the current ones; for what the harnesses use, their types are the same. */
declare module 'express4' {
  import express from 'express'
  export default express
}

declare module 'koa2' {
  import Koa from 'koa'
  export default Koa
}
