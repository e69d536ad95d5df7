import type { JsonObject } from '../../model/json-object.ts'
import { asObjects, textOfValue } from '../../wire/json.ts'
import { type ReadFields, readFields, unreadFields } from '../../wire/unread-fields.ts'

const parts: Readonly<Record<string, ReadFields>> = {
  text: readFields('type text cache_control'),
  refusal: readFields('type refusal'),
  image_url: readFields('type image_url cache_control'),
  input_audio: readFields('type cache_control', { input_audio: readFields('data format') }),
  file: readFields('type file cache_control'),
}
const called = readFields('name arguments')
const message = readFields(
  'role name tool_call_id refusal audio images reasoning reasoning_content reasoning_details cache_control prefix',
  {
    content: ({ type }) => parts[textOfValue(type)],
    tool_calls: readFields('id type index extra_content', {
      function: called,
      custom: readFields('name input'),
    }),
    function_call: called,
  },
)
const described = readFields('name description parameters strict')
const tool: Readonly<Record<string, ReadFields>> = {
  function: readFields('type cache_control name description parameters strict', {
    function: described,
  }),
  custom: readFields('type cache_control', { custom: readFields('name description format') }),
}

/** Fields within messages and tools that no step of the translation reads. */
export function unreadIn({ messages, tools, functions }: JsonObject): string[] {
  const unread = new Set<string>()
  const add = (
    items: unknown,
    path: string,
    of: (item: JsonObject) => ReadFields | undefined,
  ): void => {
    for (const item of asObjects(items)) {
      const fields = of(item)
      if (fields !== undefined)
        for (const field of unreadFields(item, path, fields)) unread.add(field)
    }
  }
  add(messages, 'messages', () => message)
  add(tools, 'tools', ({ type = 'function' }) => tool[textOfValue(type)])
  add(functions, 'functions', () => described)
  return [...unread]
}
