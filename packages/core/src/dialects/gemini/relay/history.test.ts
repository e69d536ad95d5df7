import { describe, expect, it } from 'vitest'
import { encodeSignature } from '../to-client/foreign-signature.ts'
import { modelTraits } from '../to-provider/models.ts'
import { repairHistory } from './history.ts'

const PLACEHOLDER = 'skip_thought_signature_validator'

function repair(contents: unknown, model = 'gemini-2.5-flash') {
  const dropped = new Set<string>()
  const repaired = repairHistory(contents, { traits: modelTraits(model), dropped })
  return { contents: repaired, dropped: [...dropped] }
}

const user = (...parts: unknown[]) => ({ role: 'user', parts })
const model = (...parts: unknown[]) => ({ role: 'model', parts })
const call = (name: string, id?: string) => ({
  functionCall: { ...(id === undefined ? {} : { id }), name, args: {} },
})
const response = (name: string, id?: string) => ({
  functionResponse: { ...(id === undefined ? {} : { id }), name, response: { id } },
})
const proof = encodeSignature({ origin: 'anthropic-messages', value: 'EqQB' })

describe('a history of this provider', () => {
  it.each(['gemini-2.5-flash', 'gemini-3-pro'])('stays as it is for %s', (name) => {
    const contents = [
      { parts: { text: 'hi' } },
      model(
        { text: 'hm', thought: true },
        { ...call('a', 'own'), thoughtSignature: 'S' },
        call('b'),
      ),
      user(response('a', 'own'), response('b')),
      model({ ...call('c'), thought_signature: 'S2' }),
      user(response('c')),
      model({ text: '', thoughtSignature: 'S3' }, { text: 'done' }, {}),
      'nonsense',
      model(),
    ]
    expect(repair(contents, name)).toEqual({ contents: undefined, dropped: [] })
    expect(repair({ parts: [{ text: 'hi' }] }, name)).toEqual({ contents: undefined, dropped: [] })
  })
})

describe('a history another provider wrote', () => {
  it('loses its proofs and the thoughts they prove, however they were chunked', () => {
    const contents = [
      user({ text: 'hi' }),
      model({ text: 'Let me', thought: true }),
      model({ text: ' see', thought: true }),
      model({ text: '', thought: true, thoughtSignature: proof }),
      model({ text: 'Hi' }),
      user({ text: 'more' }),
      model({ text: 'own thought', thought: true }, { text: 'Yes' }),
      user({ text: 'and?' }),
    ]
    expect(repair(contents)).toEqual({
      contents: [
        user({ text: 'hi' }),
        model({ text: 'Hi' }),
        user({ text: 'more' }),
        model({ text: 'own thought', thought: true }, { text: 'Yes' }),
        user({ text: 'and?' }),
      ],
      dropped: ['contents.parts.thoughtSignature (signed by another provider)'],
    })
  })

  it('has its proof replaced where this model wants one', () => {
    const contents = [
      user({ text: 'hi' }),
      model({ ...call('a', 'toolu_1'), thoughtSignature: proof }, call('b', 'toolu_2')),
      user(response('a', 'toolu_1'), response('b', 'toolu_2')),
    ]
    expect(repair(contents, 'gemini-3-pro')).toEqual({
      contents: [
        user({ text: 'hi' }),
        model({ ...call('a'), thoughtSignature: PLACEHOLDER }, call('b')),
        user(
          { functionResponse: { name: 'a', response: { id: 'toolu_1' } } },
          { functionResponse: { name: 'b', response: { id: 'toolu_2' } } },
        ),
      ],
      dropped: [
        'contents.parts.thoughtSignature (signed by another provider)',
        `contents.parts.thoughtSignature (repaired: ${PLACEHOLDER})`,
      ],
    })
  })

  it('nasty 5: begins every step of the current turn with a signed call, and leaves finished turns alone', () => {
    const contents = [
      user({ text: 'hi' }),
      model(call('old')),
      user(response('old')),
      user({ text: 'now' }),
      model({ text: 'so' }),
      model(call('a')),
      model(call('b')),
      user(response('a'), response('b')),
      model({ ...call('c'), thoughtSignature: 'S' }, call('d')),
      user(response('c'), response('d')),
      model(call('e')),
    ]
    const { contents: repaired } = repair(contents, 'gemini-3-pro')
    const signatures = repaired?.flatMap((content) =>
      (content as { parts: { thoughtSignature?: string }[] }).parts.flatMap(
        (part) => part.thoughtSignature ?? [],
      ),
    )
    expect(signatures).toEqual([PLACEHOLDER, 'S', PLACEHOLDER])
    expect(repaired?.[5]).toEqual(model({ ...call('a'), thoughtSignature: PLACEHOLDER }))
    expect(repaired?.[1]).toBe(contents[1])
  })

  it('nasty 3: has its responses in the order of the calls once the ids are gone', () => {
    const contents = [
      model(call('f', 'call_a'), call('f', 'call_b')),
      user({ text: 'results:' }, response('f', 'call_b'), response('f', 'call_a')),
    ]
    expect(repair(contents).contents).toEqual([
      model(call('f'), call('f')),
      user(
        { text: 'results:' },
        { functionResponse: { name: 'f', response: { id: 'call_a' } } },
        { functionResponse: { name: 'f', response: { id: 'call_b' } } },
      ),
    ])
  })

  it('is repaired in either spelling', () => {
    const contents = [
      model({ function_call: { id: 'call_a', name: 'f' }, thought_signature: proof }),
      user({ function_response: { id: 'call_a', name: 'f', response: {} } }),
    ]
    expect(repair(contents).contents).toEqual([
      model({ function_call: { name: 'f' } }),
      user({ function_response: { name: 'f', response: {} } }),
    ])
  })
})
