import { request } from 'undici'
import { endings, isPair, sidesOf } from './pairs.ts'
import type { Target } from './subjects.ts'
import { EVENTS_PER_STREAM, expectedText } from './traffic.ts'
import type { Traffic } from './traffic.ts'

interface ChatAnswer {
  object: string
  choices: {
    message?: { content: string }
    delta?: { content?: string | null }
    finish_reason: string | null
  }[]
  usage?: { total_tokens: number }
}

/**
 * Asks once and checks that the answer means what the upstream said: a wrong answer, however fast,
 * is no figure. Throws with what is wrong.
 */
export async function probe(target: Target, traffic: Traffic, upstreamUrl: string): Promise<void> {
  const body = await readAnswer(target, traffic, upstreamUrl)
  if (traffic === 'json') return checkJson(body)
  if (traffic === 'conversation' || isPair(traffic)) return checkText(body, traffic)
  checkStream(body, traffic)
}

async function readAnswer(target: Target, traffic: Traffic, upstreamUrl: string): Promise<string> {
  if (target.subject.kind === 'in-process') {
    const answer = await target.child.ask({ type: 'show', traffic })
    if (answer.type === 'shown') return answer.body
    throw new Error(
      answer.type === 'failed' ? `${traffic}: ${answer.reason}` : `unexpected '${answer.type}'`,
    )
  }
  const post = target.subject.post(traffic, upstreamUrl)
  const options = { method: 'POST', headers: post.headers, body: post.body } as const
  const answer = await request(target.origin + post.path, options)
  const body = await answer.body.text()
  if (answer.statusCode !== 200)
    throw new Error(`${traffic}: answered ${answer.statusCode}: ${body.slice(0, 300)}`)
  return body
}

/** Every fragment in order, wherever the client's dialect puts text, and its closing event. */
export function checkText(body: string, traffic: Traffic): void {
  const isStream = isPair(traffic)
  const objects = isStream
    ? body
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => line.slice('data: '.length))
    : [body]
  const text = objects.map((object) => textIn(JSON.parse(object) as Shapes)).join('')
  if (text !== expectedText(traffic))
    throw new Error(`${traffic}: the text is not what the upstream sent`)
  if (isStream && !body.includes(endings[sidesOf(traffic).client]))
    throw new Error(`${traffic}: the stream has no end`)
}

/** Deltas of every client dialect. */
interface Shapes {
  type?: string
  choices?: { delta?: { content?: string | null }; message?: { content: string } }[]
  delta?: string | { text?: string }
  candidates?: { content?: { parts?: { text?: string }[] } }[]
}

function textIn({ type, choices, delta, candidates }: Shapes): string {
  if (choices !== undefined) return choices[0]?.delta?.content ?? choices[0]?.message?.content ?? ''
  if (candidates !== undefined)
    return (candidates[0]?.content?.parts ?? []).map((part) => part.text ?? '').join('')
  if (typeof delta === 'string') return type === 'response.output_text.delta' ? delta : ''
  return delta?.text ?? ''
}

/** The meaning, not the bytes: a proxy may order fields as it likes. */
export function checkJson(body: string): void {
  const answer = JSON.parse(body) as ChatAnswer
  const choice = answer.choices[0]
  if (choice?.message?.content !== expectedText('json'))
    throw new Error('json: the text is not what the upstream sent')
  if (choice.finish_reason !== 'stop')
    throw new Error(`json: finish reason is ${choice.finish_reason}`)
  if (answer.usage?.total_tokens !== 490) throw new Error('json: usage is missing or wrong')
}

/**
 * All text in order, a finish reason and `[DONE]`; in the same dialect also every one of the
 * events.
 */
export function checkStream(body: string, traffic: 'stream' | 'paced' | 'translated'): void {
  const data = body
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim())
  if (data.pop() !== '[DONE]') throw new Error(`${traffic}: the stream does not end with [DONE]`)
  const events = data.map((line) => JSON.parse(line) as ChatAnswer)
  const text = events.map((event) => event.choices[0]?.delta?.content ?? '').join('')
  if (text !== expectedText(traffic))
    throw new Error(`${traffic}: the text is not what the upstream sent`)
  if (!events.some((event) => event.choices[0]?.finish_reason === 'stop')) {
    throw new Error(`${traffic}: no event says that the answer is finished`)
  }
  if (traffic !== 'translated' && events.length !== EVENTS_PER_STREAM) {
    throw new Error(`${traffic}: ${events.length} events instead of ${EVENTS_PER_STREAM}`)
  }
}
