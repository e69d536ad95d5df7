import { type JsonObject, isObject, objectIn, objectsIn } from '../json.ts'
import type { RequestToCheck, Violation } from './dialect.ts'

const KNOWN_FIELDS = new Set(
  (
    'messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields additionalModelResponseFieldPaths ' +
    'promptVariables requestMetadata performanceConfig serviceTier outputConfig'
  ).split(' '),
)
const INFERENCE_FIELDS = new Set(['maxTokens', 'temperature', 'topP', 'stopSequences'])
const TOOL_ID = /^[a-zA-Z0-9_.:-]{1,64}$/
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/
const DOCUMENT_NAME = /^[a-zA-Z0-9()[\] -]{1,200}$/

/** The rules of Converse that translators break. */
export function validateConverseRequest({ body }: RequestToCheck): Violation | undefined {
  const unknown = Object.keys(body).find((field) => !KNOWN_FIELDS.has(field))
  if (unknown !== undefined)
    return {
      message: `The format of the request is invalid: unknown field ${unknown}`,
      param: unknown,
    }
  const setting = Object.keys(objectIn(body['inferenceConfig'])).find(
    (field) => !INFERENCE_FIELDS.has(field),
  )
  if (setting !== undefined)
    return {
      message: `Unknown field inferenceConfig.${setting}`,
      param: `inferenceConfig.${setting}`,
    }
  const { messages } = body
  if (!Array.isArray(messages) || messages.length === 0)
    return { message: 'A conversation must contain at least one message.' }
  return checkMessages(messages) ?? checkToolConfig(body, messages)
}

function checkMessages(messages: readonly unknown[]): Violation | undefined {
  let open = new Set<unknown>()
  let before: unknown
  for (const [index, message] of messages.entries()) {
    const at = `messages.${index}`
    const { role, content } = objectIn(message)
    if (role !== 'user' && role !== 'assistant' && role !== 'system')
      return { message: `${at}.role: unknown role`, param: at }
    if (index === 0 && role !== 'user')
      return { message: 'A conversation must start with a user message.' }
    if (role === before)
      return {
        message: 'A conversation must alternate between user and assistant roles.',
        param: at,
      }
    before = role
    if (!Array.isArray(content) || content.length === 0)
      return { message: `The content field in the Message object at ${at} is empty.`, param: at }
    const blocks = objectsIn(content)
    const problem = blocks
      .map((block) => checkBlock(block, at))
      .find((found) => found !== undefined)
    if (problem !== undefined) return problem
    const answered = blocks.flatMap((block) =>
      isObject(block['toolResult']) ? [block['toolResult']['toolUseId']] : [],
    )
    if (answered.some((id) => !open.has(id)))
      return {
        message: `The number of toolResult blocks at ${at}.content exceeds the number of toolUse blocks of previous turn.`,
        param: at,
      }
    if (role === 'user' && answered.length < open.size)
      return {
        message: `Expected toolResult blocks at ${at}.content for the following Ids: ${[...open].join(', ')}`,
        param: at,
      }
    open = new Set(
      blocks.flatMap((block) =>
        isObject(block['toolUse']) ? [block['toolUse']['toolUseId']] : [],
      ),
    )
  }
  return open.size === 0
    ? undefined
    : { message: 'The conversation ends with toolUse blocks that have no toolResult.' }
}

function checkBlock(block: JsonObject, at: string): Violation | undefined {
  if (typeof block['text'] === 'string' && block['text'].trim() === '') {
    return {
      message: `The text field in the ContentBlock object at ${at}.content is blank. Add text to the text field, and try again.`,
      param: at,
    }
  }
  const use = block['toolUse']
  if (isObject(use)) {
    if (!TOOL_ID.test(String(use['toolUseId'])))
      return { message: `${at}.toolUse.toolUseId fails to satisfy constraint`, param: at }
    if (!isObject(use['input']))
      return {
        message: `The format of the value at ${at}.toolUse.input is invalid. Provide a json object for the field and try again.`,
        param: at,
      }
  }
  const document = block['document']
  if (isObject(document) && !DOCUMENT_NAME.test(String(document['name'])))
    return {
      message:
        'The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets.',
      param: at,
    }
  return undefined
}

function checkToolConfig(body: JsonObject, messages: readonly unknown[]): Violation | undefined {
  const usesTools = objectsIn(messages).some((message) =>
    objectsIn(message['content']).some(
      (block) => block['toolUse'] !== undefined || block['toolResult'] !== undefined,
    ),
  )
  const config = body['toolConfig']
  if (config === undefined)
    return usesTools
      ? {
          message:
            'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
        }
      : undefined
  const { tools } = objectIn(config)
  if (!Array.isArray(tools) || tools.length === 0)
    return { message: 'toolConfig.tools must have length greater than or equal to 1' }
  for (const tool of objectsIn(tools)) {
    const spec = tool['toolSpec']
    if (!isObject(spec)) continue
    if (!TOOL_NAME.test(String(spec['name'])))
      return {
        message: `toolSpec.name ${String(spec['name'])} fails to satisfy constraint`,
        param: 'toolConfig.tools',
      }
    if (objectIn(objectIn(spec['inputSchema'])['json'])['type'] !== 'object')
      return {
        message:
          'The value at toolConfig.tools.toolSpec.inputSchema.json.type must be one of the following: object.',
        param: 'toolConfig.tools',
      }
  }
  return undefined
}
