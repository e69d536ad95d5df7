import type { JsonObject } from '../../model/json-object.ts'
import { asObjects, textOfValue } from '../../wire/json.ts'
import { type ReadFields, readFields, unreadFields } from '../../wire/unread-fields.ts'
import { toolLists } from './namespaces.ts'

const parts: Readonly<Record<string, ReadFields>> = {
  input_text: readFields('type text'),
  output_text: readFields('type text'),
  text: readFields('type text'),
  refusal: readFields('type refusal'),
  input_image: readFields('type image_url file_id detail'),
  input_file: readFields('type filename file_data file_url file_id'),
}
const content: ReadFields['inside'] = { content: ({ type }) => parts[textOfValue(type)] }
const items: Readonly<Record<string, ReadFields>> = {
  message: readFields('type role id status', content),
  function_call: readFields('type id status call_id name namespace arguments'),
  custom_tool_call: readFields('type id status call_id name namespace input'),
  function_call_output: readFields('type id status call_id', {
    output: ({ type }) => parts[textOfValue(type)],
  }),
  custom_tool_call_output: readFields('type id status call_id', {
    output: ({ type }) => parts[textOfValue(type)],
  }),
}
const described: Readonly<Record<string, ReadFields>> = {
  function: readFields('type name description parameters strict function'),
  custom: readFields('type name description format custom'),
}
const namespace = readFields('type name description', {
  tools: ({ type }) => described[textOfValue(type)],
})

/** Fields within items and tools that no step of the translation reads. */
export function unreadIn(body: JsonObject): string[] {
  const unread = new Set<string>()
  const add = (
    list: unknown,
    path: string,
    of: (item: JsonObject) => ReadFields | undefined,
  ): void => {
    for (const item of asObjects(list)) {
      const fields = of(item)
      if (fields !== undefined)
        for (const field of unreadFields(item, path, fields)) unread.add(field)
    }
  }
  add(body.input, 'input', ({ type = 'message' }) => items[textOfValue(type)])
  for (const { tools } of toolLists(body))
    add(tools, 'tools', ({ type }) =>
      type === 'namespace' ? namespace : described[textOfValue(type)],
    )
  return [...unread]
}
