export { type JsonBody, readJsonBody } from './body.ts'
export { type GatewayRequest, type GatewayResponse, isStreamBody } from './request.ts'
export { handleWeb } from './web.ts'
