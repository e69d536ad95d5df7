import { readFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { portkeyVersions } from './portkey.ts'

/** Where and with what a run was made; figures mean little without it. */
export interface Machine {
  date: string
  cpu: string
  cores: number
  memoryGigabytes: number
  system: string
  node: string
  versions: Record<string, string>
}

const measuredPackages = [
  'express',
  'koa',
  'hono',
  '@hono/node-server',
  'undici',
  'zod',
  '@postern/core',
] as const

export async function describeMachine(): Promise<Machine> {
  const processors = cpus()
  const versions = await Promise.all(
    measuredPackages.map(async (name) => [name, await readVersion(name)] as const),
  )
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    versions: {
      ...Object.fromEntries(versions),
      '@portkey-ai/gateway': portkeyVersions['@portkey-ai/gateway'],
    },
  }
}

async function readVersion(name: string): Promise<string> {
  const text = await readFile(
    new URL(`../node_modules/${name}/package.json`, import.meta.url),
    'utf8',
  )
  return (JSON.parse(text) as { version: string }).version
}
