import {
  type AdapterHarness,
  CONFORMANCE_KEY,
  type DialectName,
  type FakeProvider,
  type RunningApplication,
  startFakeProvider,
} from '@postern/testing'
import { createGateway, type GatewayOptions } from '@postern/core'
import { expressHarness } from './express.ts'
import { honoHarness } from './hono.ts'
import { koaHarness } from './koa.ts'

/** Address and key of a gateway in front of a fake provider. */
export interface Connection {
  readonly provider: FakeProvider
  /** For SDKs: ends in `/v1`. */
  readonly baseURL: string
  readonly apiKey: string
  /** In place of the global `fetch`, where the gateway has no socket. */
  readonly fetch: typeof globalThis.fetch | undefined
  close(): Promise<void>
}

const PROVIDER_KEY = 'sk-the-providers-own-key'

const harnesses: Readonly<Record<Framework, AdapterHarness>> = {
  Express: expressHarness(),
  Koa: koaHarness(),
  Hono: honoHarness(),
}

/** Ways to reach a gateway: each framework over a real socket, and `gateway.fetch` without one. */
export const surfaces = ['Express', 'Koa', 'Hono', 'gateway.fetch'] as const
export type Surface = (typeof surfaces)[number]

/** Provider families by the name they are configured under. */
export const families: Readonly<Record<string, DialectName>> = {
  openai: 'openai-chat',
  anthropic: 'anthropic-messages',
  gemini: 'gemini',
}

/** Starts a fake provider of this family and a gateway in front of it. */
export async function connect(
  surface: Surface,
  family: string,
  options: GatewayOptions<never> = {},
): Promise<Connection> {
  const dialect = families[family]
  if (dialect === undefined) throw new TypeError(`There is no provider family ${family}.`)
  const provider = await startFakeProvider({ dialect, apiKey: PROVIDER_KEY })
  const gateway: GatewayOptions<never> = {
    providers: { [family]: { baseUrl: provider.url, apiKey: PROVIDER_KEY } },
    keys: { conformance: CONFORMANCE_KEY },
    log: 'silent',
    ...options,
  }
  const reached = await reach(surface, gateway)
  return {
    ...reached,
    provider,
    apiKey: CONFORMANCE_KEY,
    async close() {
      await reached.close()
      await provider.close()
    },
  }
}

export type Framework = Exclude<Surface, 'gateway.fetch'>

/** A gateway at `/llm` of an application in this framework. */
export async function startApplication(
  framework: Framework,
  gateway: GatewayOptions<never>,
): Promise<RunningApplication> {
  return harnesses[framework].start({ gateway, mountPath: '/llm' })
}

async function reach(
  surface: Surface,
  gateway: GatewayOptions<never>,
): Promise<Pick<Connection, 'baseURL' | 'fetch' | 'close'>> {
  if (surface !== 'gateway.fetch') {
    const application = await startApplication(surface, gateway)
    return {
      baseURL: `${application.url}/llm/v1`,
      fetch: undefined,
      close: () => application.close(),
    }
  }
  const own = createGateway(gateway)
  return {
    baseURL: 'http://gateway/v1',
    fetch: own.fetch as typeof globalThis.fetch,
    close: () => own.close(),
  }
}
