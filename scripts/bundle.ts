import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/**
 * Makes few files out of the many that the compiler writes for the core: a host that starts opens 4
 * of them instead of 300, which is most of what an import costs. Types stay as the compiler writes
 * them, packages stay outside.
 */
const folder = fileURLToPath(new URL('../packages/core/dist/', import.meta.url))
const check = 'supported-runtime'
const entries = {
  index: `${folder}index.js`,
  node: `${folder}http/node.js`,
  web: `${folder}http/web.js`,
  [check]: `${folder}foundation/${check}.js`,
}

await rm(`${folder}bundle`, { recursive: true, force: true })
const bundle = await rolldown({
  input: entries,
  external: /^[^./]/,
  platform: 'node',
  treeshake: true,
})
await bundle.write({
  dir: `${folder}bundle`,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'shared-[hash].js',
  // A bundler may order imports as it likes; the check of the runtime has to be evaluated before
  // any package.
  banner: ({ isEntry, name }) => (isEntry && name !== check ? `import './${check}.js';` : ''),
})
await bundle.close()
