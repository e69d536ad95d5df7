import type { GatewayRequest } from '../http/index.ts'

/** A request whose body nobody has read yet. */
export interface OpenCall {
  readonly request: GatewayRequest
  /** Values of the path's named pieces, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Largest body, in bytes. */
  readonly bodyLimitBytes: number
}
