export { readJsonBody, readUpload } from './body.ts'
export { type Form, openForm } from './multipart.ts'
export { type GatewayRequest, type GatewayResponse } from './request.ts'
export { handleWeb } from './web.ts'
