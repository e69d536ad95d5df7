export const ADMIN_TOKEN = 'conformance-admin-token'

/**
 * Of paths that exist. Each is one that some server on the way reads as the path itself, or as one
 * beside it.
 */
export const OTHER_SPELLINGS: readonly string[] = [
  ...['/admin/keys', '/v1/models', '/v1/chat/completions', '/providers/fake/models'].flatMap(
    (path) => {
      const end = path.indexOf('/', 1)
      const [first, below] = [path.slice(1, end), path.slice(end + 1)]
      const encoded = `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`
      return [
        `/${path}`,
        `//x${path}`,
        `/\\x${path}`,
        `\\${path.slice(1)}`,
        `/${first}//${below}`,
        `/${first}\\${below}`,
        `/${first}%2f${below}`,
        `/${first}%5C${below}`,
        `/./${path.slice(1)}`,
        `/x/%2e%2e${path}`,
        `/x/..%2f${path.slice(1)}`,
        `/.%2E${path}`,
        `/${encoded}/${below}`,
        `/..;${path}`,
        `${path}%2f`,
        `${path}%00`,
        `${path}/.`,
        `//[::1${path}`,
      ]
    },
  ),
  // Below a provider's name these two are the provider's to answer.
  ...['/admin/keys', '/v1/models', '/v1/chat/completions'].flatMap((path) => [
    `${path}/`,
    `${path}%20`,
  ]),
  ...[
    '..',
    '.',
    'x%2f..%2fy',
    '..%5cx',
    '%2e%2e',
    'x%2f%2fy',
    'x//y',
    'x%00',
    '%252e%252e',
    '%67pt',
    'x%5Cy',
    '%',
  ].map((model) => `/v1beta/models/${model}:generateContent`),
  ...['..', '%2e%2e', 'x%2f..', '%66ile'].flatMap((id) => [
    `/v1/files/${id}`,
    `/admin/keys/${id}/kill`,
  ]),
  '/providers/%66ake/models',
  '/providers/fake/%2e%2e/x',
  '/providers/fake/..%2fx',
]
