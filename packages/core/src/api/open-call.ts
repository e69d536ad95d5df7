import type { GatewayRequest } from '../http/index.ts'

/** A request whose body is still unread. */
export interface OpenCall {
  readonly request: GatewayRequest
  /** Values of the path's named pieces, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Largest body, in bytes. */
  readonly bodyLimitBytes: number
}
