import type { Conversation, Part, Signature } from './conversation.ts'
import type { CallContext } from './call.ts'
import type { Dialect } from './dialect.ts'
import type { StreamReader } from './stream.ts'
import type { Answer, StreamEvent } from './events.ts'
import type { SseFrame } from '../wire/sse.ts'

/**
 * A proof is understood by the provider that issued it, which is not every one that speaks its
 * dialect. Where several speak one, the origin of a proof names its issuer as well,
 * `anthropic-messages@claude-eu`; those of the first one, the dialect's own where it is configured,
 * stay as they are. Clients carry the origin, so that no state is needed.
 */
export function originOf(dialect: string, issuer: string | undefined): string {
  return issuer === undefined ? dialect : `${dialect}@${issuer}`
}

/**
 * The issuer of a target's proofs: in some dialects a proof holds for one account only, in others
 * for every account of a provider.
 */
export function issuerFor(
  { providerSide }: Pick<Dialect, 'providerSide'>,
  { issuer }: Pick<CallContext, 'issuer'>,
): string | undefined {
  if (issuer === undefined || providerSide.proofsAreOfAccount === true) return issuer
  const [provider] = issuer.split('#')
  return provider === '' ? undefined : provider
}

/**
 * The conversation as the provider reads it: its own proofs without its name, and none of others
 * that could pass for its own.
 */
export function withOwnProofs(
  conversation: Conversation,
  issuer: string | undefined,
): Conversation {
  if (issuer === undefined) return conversation
  const mark = `@${issuer}`
  const change = ({ origin, value }: Signature): Signature => {
    if (origin.endsWith(mark)) return { origin: origin.slice(0, -mark.length), value }
    return origin.includes('@') ? { origin, value } : { origin: originOf(origin, 'another'), value }
  }
  const messages = conversation.messages.map((message) =>
    message.parts.some(isSigned)
      ? { ...message, parts: message.parts.map((part) => withProof(part, change)) }
      : message,
  )
  return { ...conversation, messages }
}

/** The answer with the name of its issuer on each proof. */
export function withIssuer(answer: Answer, issuer: string): Answer {
  return {
    ...answer,
    choices: answer.choices.map((choice) =>
      choice.parts.some(isSigned)
        ? {
            ...choice,
            parts: choice.parts.map((part) =>
              withProof(part, (signature) => marked(signature, issuer)),
            ),
          }
        : choice,
    ),
  }
}

function marked({ origin, value }: Signature, issuer: string): Signature {
  return { origin: originOf(origin, issuer), value }
}

/** Puts the issuer's name on each proof of a stream. */
export class IssuerReader implements StreamReader {
  readonly #reader: StreamReader
  readonly #issuer: string

  constructor(reader: StreamReader, issuer: string) {
    this.#reader = reader
    this.#issuer = issuer
  }

  get complete(): boolean {
    return this.#reader.complete
  }

  get endGraceMs(): number | undefined {
    return this.#reader.endGraceMs
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    return this.#reader.read(frame).map((event) => {
      if (
        (event.type !== 'reasoning-signature' && event.type !== 'tool-call') ||
        event.signature === undefined
      )
        return event
      return { ...event, signature: marked(event.signature, this.#issuer) }
    })
  }
}

function isSigned(part: Part): boolean {
  return (part.type === 'reasoning' || part.type === 'tool-call') && part.signature !== undefined
}

function withProof(part: Part, change: (signature: Signature) => Signature): Part {
  if ((part.type !== 'reasoning' && part.type !== 'tool-call') || part.signature === undefined)
    return part
  return { ...part, signature: change(part.signature) }
}
