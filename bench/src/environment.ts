/**
 * Only what a process needs to start: provider keys, gateway settings, proxies and compile caches
 * of the person who runs the benchmark must not change what is measured.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, SystemRoot, TEMP } = process.env
  return { PATH, HOME, SystemRoot, TEMP, NODE_ENV: 'production', NODE_DISABLE_COMPILE_CACHE: '1' }
}
