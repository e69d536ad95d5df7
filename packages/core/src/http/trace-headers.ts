/**
 * Headers that connect a request to the host's own logs and traces, and that a provider may be
 * sent.
 */
export const traceHeaders = ['x-request-id', 'traceparent', 'tracestate'] as const
export type TraceHeader = (typeof traceHeaders)[number]
