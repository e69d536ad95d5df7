import type { GatewayOptions } from '@postern/core'

/**
 * How a framework serves an adapter, told once per framework to the suite of `adapterConformance`.
 */
export interface AdapterHarness {
  /**
   * The platform hands over a web-standard `Request`, which has resolved dot segments and
   * backslashes before any code sees the path.
   */
  readonly resolvesPaths?: boolean
  /** Starts an application with the gateway in it, listening on a free port of 127.0.0.1. */
  start(setup: AdapterSetup): Promise<RunningApplication>
}

/** Set-up of the application under test. */
export interface AdapterSetup {
  readonly gateway: GatewayOptions<never>
  /** Where the gateway is mounted; `''` is the root. */
  readonly mountPath: string
  /** The host's own JSON body parser runs before the gateway, with a limit of 1 MB. */
  readonly bodyParser?: boolean
  /** The framework's compressing middleware is around the gateway. */
  readonly compression?: boolean
  /** An earlier middleware has set the header `x-host: yes` on the response. */
  readonly hostHeader?: boolean
  /** A second gateway, mounted at `/second`. */
  readonly second?: GatewayOptions<never>
}

/** The application answers `GET /host` with the text `host` after everything else has declined. */
export interface RunningApplication {
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** Errors that reached the framework's own error handler: must stay empty. */
  readonly hostErrors: readonly unknown[]
  close(): Promise<void>
}

export const CONFORMANCE_KEY = 'pk_conformance_0123456789'

/** One thing every adapter must do; `run` rejects with what is wrong. Names are stable. */
export interface ConformanceCase {
  readonly name: string
  run(harness: AdapterHarness): Promise<void>
}
