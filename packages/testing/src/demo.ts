import type { ScriptedAnswer } from './answer.ts'
import type { FakeRequest, ScriptedReply } from './script.ts'
import { type FakeProvider, startFakeProvider } from './server.ts'
import { stockScript } from './stock.ts'

const PAUSE_BETWEEN_WORDS_MS = 40

export interface DemoProviderOptions {
  /** Time between two words of a stream, in milliseconds. @default 40 */
  readonly pauseMs?: number
  /** @default a free one */
  readonly port?: number
}

/**
 * Starts a provider to try a gateway with when there is no key for a real one: OpenAI chat on
 * loopback, models `demo-small` and `demo-large`, streams word by word. It says back what it was
 * told and says that it is no model; tool calls, JSON and images are answered as `stockScript`
 * does.
 */
export async function startDemoProvider(options: DemoProviderOptions = {}): Promise<FakeProvider> {
  const provider = await startFakeProvider({
    dialect: 'openai-chat',
    ...(options.port === undefined ? {} : { port: options.port }),
  })
  provider.models = ['demo-small', 'demo-large']
  provider.knownModels = provider.models
  const pauseBetweenEventsMs = options.pauseMs ?? PAUSE_BETWEEN_WORDS_MS
  provider.reply((request) => ({ answer: demoAnswer(request), pauseBetweenEventsMs }))
  return provider
}

function demoAnswer(request: FakeRequest): ScriptedAnswer {
  const stock: ScriptedReply = stockScript(request)
  const answer = stock.answer ?? {}
  if (answer.text !== `You said: ${request.view.lastUserText}`) return answer
  const closing = `I am ${request.view.model}, a demo without a model behind it: set a provider's API key to talk to a real one.`
  return { ...answer, text: `${answer.text}\n\n${closing}` }
}
