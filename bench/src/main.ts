/**
 * The benchmark: Postern beside the bare proxies, the hand-written one and another gateway, in one
 * run on one machine. It reports; it never fails because a machine is noisy.
 */
import { writeFile } from 'node:fs/promises'
import { judge } from './bars.ts'
import { measureImports } from './import-time.ts'
import { describeMachine } from './machine.ts'
import { measureRounds } from './measure.ts'
import type { Absences, Measured } from './measure.ts'
import { print } from './print.ts'
import { createProcesses } from './processes.ts'
import { renderPage, renderTables } from './report.ts'
import type { Report } from './report.ts'
import { readSettings, usage } from './settings.ts'
import type { Settings } from './settings.ts'
import { startSubjects } from './start-subjects.ts'
import { subjects } from './subjects.ts'
import { buildTable } from './table.ts'

const settings = readCommandLine()
if (settings?.help) print(usage)
else if (settings) await publish(await run(settings), settings)

function readCommandLine(): Settings | undefined {
  try {
    return readSettings(process.argv.slice(2))
  } catch (error) {
    print(`${(error as Error).message}\n\n${usage}`)
    process.exitCode = 2
    return undefined
  }
}

async function run(chosen: Settings): Promise<Report> {
  // Progress would spoil the JSON on the same output.
  const say = chosen.jsonFile === '-' ? (): void => {} : print
  const measured = await measureServers(chosen, say)
  if (chosen.parts.includes('import')) say('timing imports')
  const imports = chosen.parts.includes('import')
    ? await measureImports(chosen.importRuns)
    : undefined
  const names = chosen.loads.length > 0 ? chosen.subjects : []
  return {
    machine: await describeMachine(),
    settings: chosen,
    table: buildTable(names, measured),
    imports,
    bars: judge({
      samples: measured.samples,
      imports,
      parts: chosen.parts,
      subjects: chosen.subjects,
    }),
    samples: measured.samples,
  }
}

async function measureServers(chosen: Settings, say: (text: string) => void): Promise<Measured> {
  const absences: Absences = new Map()
  if (chosen.loads.length === 0) return { samples: [], memoryMegabytes: new Map(), absences }
  const processes = createProcesses()
  try {
    const { upstreamUrl, targets } = await startSubjects({
      processes,
      chosen: subjects.filter((subject) => chosen.subjects.includes(subject.name)),
      traffic: [...new Set(chosen.loads.map((load) => load.traffic))],
      absences,
      say,
    })
    return await measureRounds({ targets, upstreamUrl, settings: chosen, absences, say })
  } finally {
    await processes.stopAll()
  }
}

async function publish(report: Report, chosen: Settings): Promise<void> {
  if (chosen.jsonFile === '-') print(JSON.stringify(report, null, 2))
  else print(`\n${renderTables(report)}`)
  if (chosen.jsonFile && chosen.jsonFile !== '-')
    await writeFile(chosen.jsonFile, `${JSON.stringify(report, null, 2)}\n`)
  if (chosen.writesMarkdown)
    await writeFile(new URL('../../docs/benchmarks.md', import.meta.url), renderPage(report))
}
