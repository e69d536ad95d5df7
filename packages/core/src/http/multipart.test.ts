import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../errors.ts'
import { formOf, requestOf, textOf } from './form.fake.ts'
import { openForm } from './multipart.ts'

const MEBIBYTE = 1024 * 1024
const options = { limit: 8 * MEBIBYTE }
const refused = (promise: Promise<unknown>): Promise<GatewayError> =>
  promise.then(
    () => Promise.reject(new Error('it was accepted')),
    (error: unknown) => error as GatewayError,
  )

/** The text in pieces of this size. */
const cut = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    text.slice(at * size, (at + 1) * size),
  )

describe('a small form', () => {
  it('is kept, and can be sent to one target after another', async () => {
    const form = await openForm(
      requestOf(cut(formOf(['file', '\0\u00ff\r\n', 'f.bin'], ['model', 'fast'], ['n', '1']), 7))
        .request,
      options,
    )
    expect(form.model).toBe('fast')
    for (const model of ['m-1', 'a-much-longer-model', 'fast']) {
      const { body, length } = form.withModel(model)
      const expected = formOf(['file', '\0\u00ff\r\n', 'f.bin'], ['model', model], ['n', '1'])
      expect([await textOf(body), length, body instanceof Uint8Array]).toEqual([
        expected,
        expected.length,
        true,
      ])
    }
  })

  it('can be sent without its model, wherever that stands', async () => {
    for (const parts of [
      [
        ['model', 'm'],
        ['file', 'd', 'f'],
      ],
      [
        ['file', 'd', 'f'],
        ['model', 'm'],
      ],
    ] as const) {
      const form = await openForm(requestOf([formOf(...parts)]).request, options)
      expect(await textOf(form.withModel(undefined).body)).toBe(formOf(['file', 'd', 'f']))
    }
  })

  it('without a model stays as it is', async () => {
    const text = formOf(['file', 'd', 'f'])
    const form = await openForm(requestOf([text]).request, options)
    expect([form.model, await textOf(form.withModel('m').body)]).toEqual([undefined, text])
  })
})

describe('a large form', () => {
  const content = 'x'.repeat(4 * MEBIBYTE)
  const text = formOf(['model', 'fast'], ['file', content, 'f.bin'])

  it('streams when its model is known: no more is read than is kept', async () => {
    const { request, asked } = requestOf(cut(text, 64 * 1024), {
      'content-length': String(text.length),
    })
    const form = await openForm(request, options)
    expect(asked.pieces).toBeLessThanOrEqual(17)
    const { body, length } = form.withModel('acme-1')
    const expected = formOf(['model', 'acme-1'], ['file', content, 'f.bin'])
    expect(body).not.toBeInstanceOf(Uint8Array)
    expect(length).toBe(expected.length)
    expect((await textOf(body)) === expected).toBe(true)
  })

  it('is kept up to its model when the file comes first', async () => {
    const late = formOf(['file', content, 'f.bin'], ['model', 'fast'])
    const form = await openForm(requestOf(cut(late, 64 * 1024)).request, options)
    expect(
      (await textOf(form.withModel('m').body)) ===
        formOf(['file', content, 'f.bin'], ['model', 'm']),
    ).toBe(true)
  })

  it('is not read in search of a model it need not have', async () => {
    const { request, asked } = requestOf(
      cut(formOf(['purpose', 'batch'], ['file', content, 'f.bin']), 64 * 1024),
    )
    const form = await openForm(request, { ...options, beforeFiles: true })
    expect([form.model, asked.pieces <= 17, form.withModel(undefined).length]).toEqual([
      undefined,
      true,
      undefined,
    ])
  })

  it.each<[string, string]>([
    [
      'names a second model behind',
      formOf(['model', 'fast'], ['file', content, 'f'], ['model', 'secret']),
    ],
    ['breaks off', text.slice(0, -10)],
  ])('that %s is broken off on its way', async (_what, broken) => {
    const { request, asked } = requestOf(cut(broken, 64 * 1024))
    const form = await openForm(request, options)
    expect(await refused(textOf(form.withModel('m').body))).toMatchObject({
      code: 'invalid_request',
    })
    expect(asked.ended).toBe(true)
  })

  it('names its model before the file, or not at all', async () => {
    const form = await openForm(
      requestOf(cut(formOf(['file', content, 'f'], ['model', 'late']), 64 * 1024)).request,
      { ...options, beforeFiles: true },
    )
    expect(await refused(textOf(form.withModel(undefined).body))).toMatchObject({
      code: 'invalid_request',
      details: { param: 'model' },
    })
  })

  it('is held to the limit, before its model is known and after', async () => {
    expect(
      await refused(
        openForm(requestOf(cut(formOf(['file', content, 'f']), 64 * 1024)).request, {
          limit: 2 * MEBIBYTE,
        }),
      ),
    ).toMatchObject({ code: 'body_too_large', status: 413 })
    const form = await openForm(requestOf(cut(text, 64 * 1024)).request, { limit: 2 * MEBIBYTE })
    expect(await refused(textOf(form.withModel('m').body))).toMatchObject({
      code: 'body_too_large',
    })
  })

  it('left early ends what it comes from', async () => {
    const { request, asked } = requestOf(cut(text, 64 * 1024))
    const { body } = (await openForm(request, options)).withModel('m')
    if (body instanceof Uint8Array) throw new Error('it was kept')
    for await (const piece of body) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    expect(asked.ended).toBe(true)
  })
})

describe('the boundary', () => {
  it.each<[string, string]>([
    ['quoted', 'multipart/form-data; boundary="----a-boundary"'],
    ['among other parameters', 'multipart/form-data; charset=utf-8; boundary=----a-boundary; x=y'],
  ])('may be %s', async (_how, contentType) => {
    expect(
      (
        await openForm(
          requestOf([formOf(['model', 'm'])], { 'content-type': contentType }).request,
          options,
        )
      ).model,
    ).toBe('m')
  })

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=a; boundary=----a-boundary',
    `multipart/form-data; boundary*=utf-8''x; boundary=----a-boundary`,
  ])('is named once: %s', async (contentType) => {
    expect(
      await refused(
        openForm(
          requestOf([formOf(['model', 'm'])], { 'content-type': contentType }).request,
          options,
        ),
      ),
    ).toMatchObject({ code: 'invalid_request' })
  })
})
