import { request } from 'undici'
import type { Target } from './subjects.ts'
import { EVENTS_PER_STREAM, expectedText } from './traffic.ts'
import type { Traffic } from './traffic.ts'

interface ChatAnswer {
  object: string
  choices: { message?: { content: string }; delta?: { content?: string | null }; finish_reason: string | null }[]
  usage?: { total_tokens: number }
}

/**
 * Asks once and checks that the answer means what the upstream said: a wrong answer, however fast, is no figure.
 * Throws with what is wrong.
 */
export async function probe(target: Target, traffic: Traffic, upstreamUrl: string): Promise<void> {
  const body = await readAnswer(target, traffic, upstreamUrl)
  if (traffic === 'json') return checkJson(body)
  checkStream(body, traffic)
}

async function readAnswer(target: Target, traffic: Traffic, upstreamUrl: string): Promise<string> {
  if (target.subject.kind === 'in-process') {
    const answer = await target.child.ask({ type: 'show', traffic })
    if (answer.type === 'shown') return answer.body
    throw new Error(answer.type === 'failed' ? `${traffic}: ${answer.reason}` : `unexpected '${answer.type}'`)
  }
  const post = target.subject.post(traffic, upstreamUrl)
  const options = { method: 'POST', headers: post.headers, body: post.body } as const
  const answer = await request(target.origin + post.path, options)
  const body = await answer.body.text()
  if (answer.statusCode !== 200) throw new Error(`${traffic}: answered ${answer.statusCode}: ${body.slice(0, 300)}`)
  return body
}

/** The meaning, not the bytes: a proxy may order fields as it likes. */
export function checkJson(body: string): void {
  const answer = JSON.parse(body) as ChatAnswer
  const choice = answer.choices[0]
  if (choice?.message?.content !== expectedText('json')) throw new Error('json: the text is not what the upstream sent')
  if (choice.finish_reason !== 'stop') throw new Error(`json: finish reason is ${choice.finish_reason}`)
  if (answer.usage?.total_tokens !== 490) throw new Error('json: usage is missing or wrong')
}

/** All text in order, a finish reason and `[DONE]`; in the same dialect also every one of the events. */
export function checkStream(body: string, traffic: Exclude<Traffic, 'json'>): void {
  const data = body
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim())
  if (data.pop() !== '[DONE]') throw new Error(`${traffic}: the stream does not end with [DONE]`)
  const events = data.map((line) => JSON.parse(line) as ChatAnswer)
  const text = events.map((event) => event.choices[0]?.delta?.content ?? '').join('')
  if (text !== expectedText(traffic)) throw new Error(`${traffic}: the text is not what the upstream sent`)
  if (!events.some((event) => event.choices[0]?.finish_reason === 'stop')) {
    throw new Error(`${traffic}: no event says that the answer is finished`)
  }
  if (traffic !== 'translated' && events.length !== EVENTS_PER_STREAM) {
    throw new Error(`${traffic}: ${events.length} events instead of ${EVENTS_PER_STREAM}`)
  }
}
