export { readJsonBody } from './body.ts'
export { type GatewayRequest, type GatewayResponse } from './request.ts'
export { handleWeb } from './web.ts'
