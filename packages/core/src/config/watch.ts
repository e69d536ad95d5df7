import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type Clock, systemClock, type Timer } from '../clock.ts'

/** Editors and deployment tools write a file in several steps; one reload is enough. */
const SETTLE_MS = 100

export interface WatchOptions {
  /** Called when the file has changed and been left alone for 100 ms. */
  readonly onChange: () => void
  /** The file can no longer be watched; it is read once more at the next start only. */
  readonly onError: (error: Error) => void
  readonly clock?: Clock
  /** Reports changes in a directory; the file system's own unless a test says otherwise. */
  readonly watchDirectory?: WatchDirectory
}

export interface DirectoryListeners {
  /** `filename` is null where the platform cannot tell. */
  change(filename: string | null): void
  error(error: Error): void
}

export type WatchDirectory = (directory: string, listeners: DirectoryListeners) => { close(): void }

/**
 * Watches a file through its directory: a file that is replaced, as editors and Kubernetes do,
 * would take a watch on the file itself with it. Never keeps the process alive.
 */
export function watchFile(path: string, options: WatchOptions): { close(): void } {
  const { clock = systemClock, watchDirectory = watchWithFileSystem } = options
  // Kubernetes swaps the link `..data` and leaves the file's own directory entry alone.
  const names: readonly (string | null)[] = [basename(path), '..data', null]
  let timer: Timer | undefined
  const change = (filename: string | null): void => {
    if (!names.includes(filename)) return
    timer?.clear()
    timer = clock.setTimer(options.onChange, SETTLE_MS)
  }
  const watcher = watchDirectory(dirname(path), { change, error: options.onError })
  return {
    close() {
      timer?.clear()
      watcher.close()
    },
  }
}

const watchWithFileSystem: WatchDirectory = (directory, listeners) => {
  const watcher = watch(directory, { persistent: false }, (_event, filename) =>
    listeners.change(filename),
  )
  // Without a listener, an error of the watcher would end the host process.
  watcher.on('error', listeners.error)
  return watcher
}
