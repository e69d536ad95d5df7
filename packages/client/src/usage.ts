type Json = Record<string, unknown>

/**
 * Bytes of an answer that are searched: the usage is in its last events, or in a JSON document that
 * is rarely larger.
 */
const MOST_CHARACTERS = 1_000_000

/**
 * Passes an answer on as it comes, and tells what usage it named when it has ended, whole or not.
 */
export function watchUsage(
  body: ReadableStream<Uint8Array>,
  onEnd: (usage: Json | undefined) => void,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  let hasEnded = false
  const end = (): void => {
    if (hasEnded) return
    hasEnded = true
    onEnd(usageIn(text))
  }
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          end()
          controller.close()
          return
        }
        text = (text + decoder.decode(value, { stream: true })).slice(-MOST_CHARACTERS)
        controller.enqueue(value)
      } catch (error) {
        end()
        controller.error(error)
      }
    },
    async cancel(reason) {
      end()
      await reader.cancel(reason)
    },
  })
}

/**
 * The usage of a JSON answer, or what the events of a stream say of it together, in the shapes of
 * OpenAI, Anthropic and Gemini.
 */
export function usageIn(text: string): Json | undefined {
  const whole = objectIn(text)
  if (whole !== undefined) return usageOf(whole)
  const usage: Json = {}
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (!line.startsWith('data:') || !line.includes('sage')) continue
    const event = objectIn(line.slice('data:'.length))
    const own = event && usageOf(event)
    if (own !== undefined) Object.assign(usage, own)
  }
  return Object.keys(usage).length === 0 ? undefined : usage
}

function usageOf(body: Json): Json | undefined {
  return (
    objectOf(body['usage']) ??
    objectOf(objectOf(body['response'])?.['usage']) ??
    objectOf(objectOf(body['message'])?.['usage']) ??
    objectOf(body['usageMetadata'])
  )
}

function objectIn(text: string): Json | undefined {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    // Half a document says nothing.
    return undefined
  }
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined
}
