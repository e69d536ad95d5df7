export { readJsonBody, readUpload } from './body.ts'
export { type Form, openForm } from './multipart.ts'
export { repeatedMember } from './repeated-member.ts'
export { type GatewayRequest, type GatewayResponse } from './request.ts'
export { isPlainName, isPlainPath, targetOf } from './path.ts'
export { headersOfTrace, readTrace, type Trace } from './trace.ts'
export { handleWeb } from './web.ts'
export { type TraceHeader, traceHeaders } from './trace-headers.ts'
export {
  ACCEPT_ENCODING,
  DecodedTooLarge,
  StreamDecoder,
  codingsIn,
  decodeWhole,
} from './content-coding.ts'
