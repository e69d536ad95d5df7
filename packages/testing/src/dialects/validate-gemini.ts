import { type JsonObject, isObject, objectIn, objectsIn } from '../json.ts'
import type { RequestToCheck, Violation } from './dialect.ts'
import { checkGeminiSchema } from './validate-gemini-schema.ts'

const TOP_FIELDS = words(
  'contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent model labels serviceTier store',
)
const CONTENT_FIELDS = words('role parts')
const PART_FIELDS = words(
  'text thought thoughtSignature inlineData fileData functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse videoMetadata mediaResolution partMetadata',
)
const PART_DATA = words(
  'text inlineData fileData functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse',
)
const CALL_FIELDS = words('id name args partialArgs willContinue')
const RESPONSE_FIELDS = words('id name response willContinue scheduling parts')
const CONFIG_FIELDS = words(
  'temperature topP topK maxOutputTokens stopSequences responseMimeType responseSchema responseJsonSchema responseFormat thinkingConfig seed ' +
    'candidateCount presencePenalty frequencyPenalty responseLogprobs logprobs responseModalities speechConfig imageConfig mediaResolution enableEnhancedCivicAnswers',
)
const TOOL_FIELDS = words(
  'functionDeclarations googleSearch googleSearchRetrieval codeExecution urlContext computerUse fileSearch googleMaps mcpServers',
)
const DECLARATION_FIELDS = words(
  'name description parameters parametersJsonSchema response responseJsonSchema behavior',
)
const MODES = words('AUTO ANY NONE VALIDATED')
const NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/
/** Models that refuse a function call of the current turn without its signature. */
const SIGNING_MODEL = /^gemini-([3-9]|\d\d)/

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}

/**
 * The rules of Gemini generateContent that translators break. Field names are the camel case ones
 * of its REST reference.
 */
export function validateGenerateRequest({ body, model }: RequestToCheck): Violation | undefined {
  return (
    unknownField(body, TOP_FIELDS, '') ??
    checkContents(body['contents']) ??
    checkTurns(objectsIn(body['contents'])) ??
    checkSignatures(objectsIn(body['contents']), model) ??
    checkSystem(body['systemInstruction']) ??
    checkConfig(body['generationConfig']) ??
    checkTools(body)
  )
}

function unknownField(
  value: JsonObject,
  known: ReadonlySet<string>,
  at: string,
): Violation | undefined {
  const unknown = Object.keys(value).find((field) => !known.has(field))
  if (unknown === undefined) return undefined
  const place = at === '' ? '' : ` at '${at}'`
  return {
    message: `Invalid JSON payload received. Unknown name "${unknown}"${place}: Cannot find field.`,
    param: at === '' ? unknown : `${at}.${unknown}`,
  }
}

function checkContents(contents: unknown): Violation | undefined {
  if (!Array.isArray(contents) || contents.length === 0)
    return {
      message: '* GenerateContentRequest.contents: contents is not specified',
      param: 'contents',
    }
  for (const [index, entry] of contents.entries()) {
    const at = `contents[${index}]`
    const content = objectIn(entry)
    const problem = unknownField(content, CONTENT_FIELDS, at) ?? checkParts(content['parts'], at)
    if (problem !== undefined) return problem
    const role = content['role']
    if (role !== undefined && role !== 'user' && role !== 'model')
      return { message: 'Please use a valid role: user, model.', param: `${at}.role` }
  }
  return undefined
}

function checkParts(parts: unknown, at: string): Violation | undefined {
  if (!Array.isArray(parts) || parts.length === 0) {
    return {
      message: `* GenerateContentRequest.${at}.parts: contents.parts must not be empty.`,
      param: `${at}.parts`,
    }
  }
  for (const [index, entry] of parts.entries()) {
    const place = `${at}.parts[${index}]`
    const part = objectIn(entry)
    const problem = unknownField(part, PART_FIELDS, place)
    if (problem !== undefined) return problem
    const data = Object.keys(part).filter((field) => PART_DATA.has(field))
    if (data.length !== 1) {
      return {
        message: `* GenerateContentRequest.${place}.data: required oneof field 'data' must have one initialized field`,
        param: place,
      }
    }
    const inner =
      unknownField(objectIn(part['functionCall']), CALL_FIELDS, `${place}.functionCall`) ??
      unknownField(objectIn(part['functionResponse']), RESPONSE_FIELDS, `${place}.functionResponse`)
    if (inner !== undefined) return inner
    const { response, args } = {
      ...objectIn(part['functionResponse']),
      ...objectIn(part['functionCall']),
    }
    if ('functionResponse' in part && !isObject(response))
      return {
        message: `Invalid value at '${place}.functionResponse.response' (Struct)`,
        param: place,
      }
    if (args !== undefined && !isObject(args))
      return { message: `Invalid value at '${place}.functionCall.args' (Struct)`, param: place }
  }
  return undefined
}

/** Call and response turns come in pairs: same number, same names, nothing between. */
function checkTurns(contents: readonly JsonObject[]): Violation | undefined {
  if (contents[0]?.['role'] === 'model') {
    return {
      message: 'Please ensure that the first content is one with role user.',
      param: 'contents[0].role',
    }
  }
  let called: unknown[] = []
  for (const [index, content] of contents.entries()) {
    const parts = objectsIn(content['parts'])
    const answered = namesOf(parts, 'functionResponse')
    if (content['role'] !== 'model' && (called.length > 0 || answered.length > 0)) {
      if (called.length !== answered.length) {
        return {
          message:
            'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
          param: `contents[${index}]`,
        }
      }
      const stray = answered.find((name) => !called.includes(name))
      if (stray !== undefined)
        return {
          message: `Function response '${String(stray)}' has no function call of that name.`,
          param: `contents[${index}]`,
        }
      called = []
    }
    if (content['role'] !== 'model') continue
    if (called.length > 0)
      return {
        message:
          'Please ensure that function response turn comes immediately after a function call turn.',
        param: `contents[${index}]`,
      }
    called = namesOf(parts, 'functionCall')
  }
  if (called.length === 0) return undefined
  return {
    message:
      'Please ensure that function response turn comes immediately after a function call turn.',
    param: 'contents',
  }
}

function namesOf(
  parts: readonly JsonObject[],
  field: 'functionCall' | 'functionResponse',
): unknown[] {
  return parts.filter((part) => isObject(part[field])).map((part) => objectIn(part[field])['name'])
}

function checkSignatures(contents: readonly JsonObject[], model: string): Violation | undefined {
  if (!SIGNING_MODEL.test(model)) return undefined
  const turnStart = contents.findLastIndex(
    (content) =>
      content['role'] !== 'model' && objectsIn(content['parts']).some((part) => 'text' in part),
  )
  for (const content of contents.slice(turnStart + 1)) {
    const first = objectsIn(content['parts']).find((part) => isObject(part['functionCall']))
    if (first !== undefined && typeof first['thoughtSignature'] !== 'string') {
      return {
        message: `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly. Function call \`${String(objectIn(first['functionCall'])['name'])}\`.`,
      }
    }
  }
  return undefined
}

function checkSystem(system: unknown): Violation | undefined {
  if (system === undefined) return undefined
  return (
    unknownField(objectIn(system), CONTENT_FIELDS, 'systemInstruction') ??
    checkParts(objectIn(system)['parts'], 'systemInstruction')
  )
}

function checkConfig(config: unknown): Violation | undefined {
  if (config === undefined) return undefined
  const { responseSchema, responseJsonSchema, responseMimeType, maxOutputTokens } = objectIn(config)
  const unknown = unknownField(objectIn(config), CONFIG_FIELDS, 'generationConfig')
  if (unknown !== undefined) return unknown
  if (
    (responseSchema ?? responseJsonSchema) !== undefined &&
    responseMimeType !== 'application/json' &&
    responseMimeType !== 'text/x.enum'
  ) {
    return {
      message:
        '* GenerateContentRequest.generation_config.response_schema: only allowed with response mime type application/json or text/x.enum',
      param: 'generationConfig',
    }
  }
  if (responseSchema !== undefined && responseJsonSchema !== undefined)
    return {
      message: 'Only one of response_schema and response_json_schema may be set.',
      param: 'generationConfig',
    }
  if (
    maxOutputTokens !== undefined &&
    !(Number.isInteger(maxOutputTokens) && (maxOutputTokens as number) > 0)
  ) {
    return {
      message:
        '* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.',
      param: 'generationConfig.maxOutputTokens',
    }
  }
  return responseSchema === undefined
    ? undefined
    : checkGeminiSchema(responseSchema, 'generationConfig.responseSchema')
}

function checkTools(body: JsonObject): Violation | undefined {
  const names: unknown[] = []
  for (const [index, tool] of objectsIn(body['tools']).entries()) {
    const at = `tools[${index}]`
    const problem = unknownField(tool, TOOL_FIELDS, at)
    if (problem !== undefined) return problem
    for (const [position, declaration] of objectsIn(tool['functionDeclarations']).entries()) {
      const place = `${at}.functionDeclarations[${position}]`
      const wrong =
        unknownField(declaration, DECLARATION_FIELDS, place) ?? checkDeclaration(declaration, place)
      if (wrong !== undefined) return wrong
      if (names.includes(declaration['name']))
        return {
          message: `Duplicate function declaration found: ${String(declaration['name'])}`,
          param: place,
        }
      names.push(declaration['name'])
    }
  }
  return checkToolConfig(objectIn(objectIn(body['toolConfig'])['functionCallingConfig']), names)
}

function checkDeclaration(declaration: JsonObject, place: string): Violation | undefined {
  const { name, parameters, parametersJsonSchema } = declaration
  if (typeof name !== 'string' || !NAME.test(name))
    return {
      message: `* GenerateContentRequest.${place}.name: Invalid function name. Must start with a letter or an underscore.`,
      param: `${place}.name`,
    }
  if (parameters !== undefined && parametersJsonSchema !== undefined)
    return {
      message: 'Only one of parameters and parameters_json_schema may be set.',
      param: place,
    }
  return parameters === undefined ? undefined : checkGeminiSchema(parameters, `${place}.parameters`)
}

function checkToolConfig(calling: JsonObject, names: readonly unknown[]): Violation | undefined {
  const { mode, allowedFunctionNames: allowed } = calling
  if (mode !== undefined && !MODES.has(String(mode)))
    return {
      message: `Invalid value at 'tool_config.function_calling_config.mode': "${String(mode)}"`,
      param: 'toolConfig',
    }
  if (allowed === undefined) return undefined
  if (mode !== 'ANY' && mode !== 'VALIDATED')
    return {
      message:
        'Allowed function names should only be set when function calling mode is ANY or VALIDATED.',
      param: 'toolConfig',
    }
  const stray = Array.isArray(allowed) ? allowed.find((name) => !names.includes(name)) : allowed
  return stray === undefined
    ? undefined
    : { message: `Allowed function name '${String(stray)}' is not declared.`, param: 'toolConfig' }
}
