import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describePath, type FileContext, readConfigFile } from './file.ts'
import type { Problem } from '../values/problem.ts'

const directory = mkdtempSync(join(tmpdir(), 'postern-file-'))
afterAll(() => rmSync(directory, { recursive: true }))

function read(name: string, content: string, context: Partial<FileContext> = {}) {
  const path = join(directory, name)
  writeFileSync(path, content)
  const problems: Problem[] = []
  const source = readConfigFile(path, { environment: {}, problems, ...context })
  return {
    source,
    problems: problems.map((problem) => ({
      ...problem,
      place: problem.place.replace(directory, ''),
    })),
  }
}

describe('readConfigFile', () => {
  const options = {
    retries: 1,
    timeout: 30_000,
    routes: { cheap: { targets: ['gpu/a', 'openai/b'] } },
  }

  it.each([
    [
      'a.json',
      '\uFEFF{"retries": 1, "timeout": "30s", "routes": {"cheap": ["gpu/a", "openai/b"]}}',
    ],
    ['a.yaml', 'retries: 1\ntimeout: 30s\nroutes:\n  cheap:\n    - gpu/a\n    - openai/b\n'],
    ['a.YML', 'retries: 1\ntimeout: 30s\nroutes:\n  cheap: [gpu/a, openai/b]\n'],
  ])('reads %s', (name, content) => {
    expect(read(name, content)).toMatchObject({ source: { options }, problems: [] })
  })

  it('takes an empty YAML file for no configuration', () => {
    expect(read('empty.yaml', '# nothing yet\n')).toMatchObject({
      source: { options: {} },
      problems: [],
    })
  })

  it.each([
    [
      'broken.json',
      '{\n  "retries": 1,\n  "keys": {"a": "top-secret" oops}\n}',
      '/broken.json:3:30',
    ],
    ['short.json', '{"keys": {"a": "top-secret"', '/short.json:1:28'],
    ['broken.yaml', 'retries: 1\nkeys:\n  a: "top-secret\n', '/broken.yaml:4:1'],
    ['double.yaml', 'keys: { a: top-secret }\nretries: 1\nretries: 2\n', '/double.yaml:3:1'],
    [
      'bomb.yaml',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(10)}]\nc: &c [${'*b,'.repeat(10)}]\nd: [${'*c,'.repeat(10)}]`,
      '/bomb.yaml',
    ],
    ['config.toml', 'retries = 1', '/config.toml'],
  ])('%s is a problem at its place, and nothing of it is shown', (name, content, place) => {
    const { source, problems } = read(name, content)
    expect(source).toBeUndefined()
    expect(problems.map((problem) => problem.place)).toEqual([place])
    expect(JSON.stringify(problems)).not.toContain('secret')
  })

  it('says how a file that is missing is dealt with', () => {
    const problems: Problem[] = []
    expect(
      readConfigFile(join(directory, 'missing.json'), { environment: {}, problems }),
    ).toBeUndefined()
    expect(problems).toMatchObject([
      {
        place: join(directory, 'missing.json'),
        message: 'The configuration file cannot be read (ENOENT).',
      },
    ])
  })

  it('says how to install YAML where it is missing, and needs it for YAML only', () => {
    const loadYaml = () => {
      throw new Error('Cannot find module')
    }
    expect(read('b.yaml', 'retries: 1', { loadYaml }).problems).toMatchObject([
      { place: '/b.yaml', fix: expect.stringContaining('npm install yaml') },
    ])
    expect(read('b.json', '{"retries": 1}', { loadYaml }).problems).toEqual([])
  })

  it.each([
    ['timeout: soon', '/c.yaml: timeout'],
    ['timeout:', '/c.yaml: timeout'],
    ['retries: "2"', '/c.yaml: retries'],
    ['tiemout: 10m', '/c.yaml: tiemout'],
    ['- retries', '/c.yaml'],
    [
      'providers: { gpu: { baseUrl: "http://h/v1", models: [1] } }',
      '/c.yaml: providers.gpu.models[0]',
    ],
    [
      'providers: { gpu: { baseUrl: "http://h/v1", quirks: { noFinish: yes } } }',
      '/c.yaml: providers.gpu.quirks.noFinish',
    ],
    [
      'providers: { gpu: { baseUrl: "http://h/v1", headers: { "Content-Length": "1" } } }',
      '/c.yaml: providers.gpu.headers.content-length',
    ],
    ['providers: { My_GPU: { baseUrl: "http://h/v1" } }', '/c.yaml: providers.My_GPU'],
    ['routes: { a: { targets: [gpu/a], retry: 1 } }', '/c.yaml: routes.a.retry'],
    ['routes: { a/b: [gpu/a] }', '/c.yaml: routes.a/b'],
    ['keys: { a: { secret: x } }', '/c.yaml: keys.a.key', '/c.yaml: keys.a.secret'],
    ['identify: code', '/c.yaml: identify'],
    ['onRecord: code', '/c.yaml: onRecord'],
    ['config: other.yaml', '/c.yaml: config'],
    ['prefix: llm', '/c.yaml: prefix'],
  ])('%s is a problem at its path', (content, ...places) => {
    expect(
      read('c.yaml', content)
        .problems.map((problem) => problem.place)
        .sort(),
    ).toEqual(places)
  })

  it('fills ${NAME} from the environment, in every string', () => {
    const content =
      'providers:\n  gpu:\n    baseUrl: http://${HOST}:8000/v1\n    apiKey: ${KEY}\n    models: ["${MODEL}"]\n'
    const { source, problems } = read('d.yaml', content, {
      environment: { HOST: 'gpu', KEY: 'k-${X}', MODEL: 'm' },
    })
    expect(problems).toEqual([])
    // Values from the environment are not interpolated again.
    expect(source?.options.providers?.['gpu']).toEqual({
      baseUrl: 'http://gpu:8000/v1',
      apiKey: 'k-${X}',
      models: ['m'],
    })
  })

  it.each(['${MISSING}', '${EMPTY}', '${MISSING:-default}', '${}'])(
    '%s is a problem at its path',
    (text) => {
      const { problems } = read(
        'e.json',
        JSON.stringify({ providers: { gpu: { baseUrl: 'http://h/v1', apiKey: text } } }),
        { environment: { EMPTY: '' } },
      )
      expect(problems.map((problem) => problem.place)).toContain('/e.json: providers.gpu.apiKey')
    },
  )
})

it('describePath writes a path as code does', () => {
  expect(describePath(['routes', 'a', 'targets', 0])).toBe('routes.a.targets[0]')
})
