/** A chat completion stream as a client sees it. */
export interface SeenStream {
  /** Data of every event but `[DONE]`, parsed. */
  readonly chunks: readonly SeenChunk[]
  readonly text: string
  /** `finish_reason` of every chunk that has one. */
  readonly finishes: readonly string[]
  readonly roles: number
  readonly ids: ReadonlySet<string>
  /** The error event's body, when there is one. */
  readonly error: SeenError | undefined
  /** `[DONE]` came, and nothing after it. */
  readonly done: boolean
}

export interface SeenChunk {
  readonly id?: string
  readonly choices?: readonly SeenChoice[]
  readonly usage?: unknown
  readonly error?: SeenError
}

export interface SeenChoice {
  readonly index: number
  readonly delta: {
    readonly role?: string
    readonly content?: string | null
    readonly tool_calls?: readonly SeenToolCall[]
  }
  readonly finish_reason: string | null
}

export interface SeenToolCall {
  readonly index: number
  readonly id?: string
  readonly function?: { readonly name?: string; readonly arguments?: string }
}

export interface SeenError {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  readonly attempts?: readonly {
    readonly target: string
    readonly code: string
    readonly ms: number
  }[]
}

/** Reads a whole stream; throws when its text is not made of whole `data:` events. */
export function seeStream(body: string): SeenStream {
  if (body !== '' && !body.endsWith('\n\n'))
    throw new Error(`The stream ends within an event: ${JSON.stringify(body.slice(-80))}`)
  const events = body.split('\n\n').slice(0, -1)
  const data = events
    .filter((event) => !event.startsWith(':'))
    .map((event) => {
      if (!event.startsWith('data: '))
        throw new Error(`Not a data event: ${JSON.stringify(event.slice(0, 80))}`)
      return event.slice('data: '.length)
    })
  const chunks = data
    .filter((item) => item !== '[DONE]')
    .map((item) => JSON.parse(item) as SeenChunk)
  const choices = chunks.flatMap((chunk) => chunk.choices ?? [])
  return {
    chunks,
    text: choices.map((choice) => choice.delta.content ?? '').join(''),
    finishes: choices.flatMap((choice) => choice.finish_reason ?? []),
    roles: choices.filter((choice) => choice.delta.role !== undefined).length,
    ids: new Set(chunks.flatMap((chunk) => chunk.id ?? [])),
    error: chunks.find((chunk) => chunk.error !== undefined)?.error,
    done: data.indexOf('[DONE]') === data.length - 1 && data.length > 0,
  }
}

/** The error body of an answer that is no stream. */
export async function seeError(response: Response): Promise<SeenError> {
  return ((await response.json()) as { error: SeenError }).error
}

/** Reads a stream piece by piece. */
export interface LiveStream {
  /** Everything received so far. */
  readonly text: string
  /** Reads until `part` has arrived. Throws when the stream ends first. */
  until(part: string): Promise<void>
  /** Reads to the end and gives the whole text. */
  rest(): Promise<string>
  /** The client leaves. */
  leave(): Promise<void>
}

export function openStream(response: Response): LiveStream {
  if (response.body === null) throw new Error('The response has no body.')
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read()
    if (value !== undefined) text += decoder.decode(value, { stream: true })
    return !done
  }
  return {
    get text() {
      return text
    },
    async until(part) {
      while (!text.includes(part))
        if (!(await read()))
          throw new Error(
            `The stream ended before ${JSON.stringify(part)}: ${JSON.stringify(text)}`,
          )
    },
    async rest() {
      while (await read());
      return text
    },
    leave: () => reader.cancel(),
  }
}
