import type { z } from 'zod'
import type { FieldMeta } from '../schema/field-meta.ts'
import { optionsSchema } from '../schema/schema.ts'

/** A field of the schema that the environment can set. */
export interface EnvironmentField {
  /** Path of the option; `*` stands for the name of a record's entry. */
  readonly path: readonly string[]
  readonly meta: FieldMeta
  readonly read: 'text' | 'number' | 'list'
  /** The variable's name, or what comes before and after the entry's name in it. */
  readonly before: string
  readonly after: string
  readonly isNamed: boolean
}

/** A field of the schema with its documentation. */
export interface DocumentedField {
  readonly path: readonly string[]
  readonly meta: FieldMeta
}

/**
 * Every field of the schema that is documented, in order; `*` in a path stands for the name of a
 * record's entry.
 */
export function documentedFields(): DocumentedField[] {
  return fieldsOf(optionsSchema(), [])
}

/**
 * Every field the environment can set: the schema's own list, so that reading and documentation
 * cannot differ.
 */
export function environmentFields(): EnvironmentField[] {
  return documentedFields().flatMap(({ path, meta }) => {
    // A route's own limits carry the metadata of the gateway's, whose variables they have nothing
    // to do with.
    if (meta.env === undefined || (path[0] === 'routes' && path.length > 1)) return []
    const [before = '', after] = meta.env.split('<NAME>')
    const isNamed = after !== undefined
    const entryPath = path.length === 1 && isNamed ? [...path, '*'] : path
    return [
      { path: entryPath, meta, read: meta.read ?? 'text', before, after: after ?? '', isNamed },
    ]
  })
}

function fieldsOf(schema: z.core.$ZodType, path: readonly string[]): DocumentedField[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'optional') return fieldsOf(def.innerType, path)
  if (def.type === 'pipe') return fieldsOf(def.out, path)
  if (def.type === 'record') return fieldsOf(def.valueType, [...path, '*'])
  if (def.type !== 'object') return []
  return Object.entries(def.shape as Readonly<Record<string, z.core.$ZodType>>).flatMap(
    ([name, field]) => {
      const meta = (field as z.ZodType).meta() as FieldMeta | undefined
      const own = meta?.type === undefined ? [] : [{ path: [...path, name], meta }]
      return [...own, ...fieldsOf(field, [...path, name])]
    },
  )
}
