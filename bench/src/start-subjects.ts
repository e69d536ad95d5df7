import type { Absences } from './measure.ts'
import { installPortkey } from './portkey.ts'
import { probe } from './probe.ts'
import type { Processes } from './processes.ts'
import { directSubject } from './subjects.ts'
import type { Subject, Target } from './subjects.ts'
import type { Traffic } from './traffic.ts'

export interface Starting {
  processes: Processes
  chosen: readonly Subject[]
  traffic: readonly Traffic[]
  absences: Absences
  say: (text: string) => void
}

export interface Started {
  upstreamUrl: string
  /** The upstream itself comes first, then every subject that started and answers right. */
  targets: Target[]
}

/**
 * Starts the fake upstream and every chosen subject. What does not start is absent, and what
 * answers one kind of traffic wrong is not measured with it; the reason is noted either way.
 */
export async function startSubjects({
  processes,
  chosen,
  traffic,
  absences,
  say,
}: Starting): Promise<Started> {
  const upstream = await processes.start(directSubject.file, [])
  const upstreamUrl = `http://127.0.0.1:${upstream.port}`
  const targets: Target[] = [{ subject: directSubject, child: upstream, origin: upstreamUrl }]
  for (const subject of chosen) {
    say(`starting ${subject.name}`)
    try {
      targets.push(await startOne({ subject, processes, upstreamUrl, traffic, absences }))
    } catch (error) {
      absences.set(subject.name, (error as Error).message)
    }
  }
  return { upstreamUrl, targets }
}

interface StartingOne {
  subject: Subject
  processes: Processes
  upstreamUrl: string
  traffic: readonly Traffic[]
  absences: Absences
}

async function startOne({
  subject,
  processes,
  upstreamUrl,
  traffic,
  absences,
}: StartingOne): Promise<Target> {
  const extraArgs = subject.name === 'portkey' ? [await installPortkey()] : []
  const child = await processes.start(subject.file, [upstreamUrl, ...extraArgs])
  const target: Target = {
    subject,
    child,
    origin: subject.kind === 'http' ? `http://127.0.0.1:${child.port}` : '',
  }
  const wrong = new Map<Traffic, string>()
  for (const kind of traffic.filter((one) => subject.traffic.includes(one))) {
    await probe(target, kind, upstreamUrl).catch((error: Error) => wrong.set(kind, error.message))
  }
  if (wrong.size > 0) absences.set(subject.name, [...wrong.values()].join('; '))
  return {
    ...target,
    subject: { ...subject, traffic: subject.traffic.filter((kind) => !wrong.has(kind)) },
  }
}
