import { type JsonObject, isObject } from '../json.ts'

/** Fields whose value is the caller's own: names in it are no fields of the API. */
const FREE = new Set([
  'args',
  'partialArgs',
  'response',
  'labels',
  'partMetadata',
  'parametersJsonSchema',
  'responseJsonSchema',
  'enum',
  'example',
  'default',
])
/** Fields that map the caller's own names to values of the API. */
const NAMED = new Set(['properties', '$defs', 'defs'])

/**
 * Fields of more than one word. What is none of them stays as it is, so that a refusal names it as
 * it was sent.
 */
const FIELDS = new Set(
  (
    'systemInstruction toolConfig generationConfig safetySettings cachedContent serviceTier thoughtSignature inlineData fileData ' +
    'functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse videoMetadata mediaResolution partMetadata ' +
    'partialArgs willContinue topP topK maxOutputTokens stopSequences responseMimeType responseSchema responseJsonSchema responseFormat ' +
    'thinkingConfig candidateCount presencePenalty frequencyPenalty responseLogprobs responseModalities speechConfig imageConfig ' +
    'enableEnhancedCivicAnswers functionDeclarations googleSearch googleSearchRetrieval codeExecution urlContext computerUse fileSearch ' +
    'googleMaps mcpServers parametersJsonSchema mimeType fileUri displayName functionCallingConfig allowedFunctionNames includeThoughts ' +
    'thinkingBudget thinkingLevel voiceConfig prebuiltVoiceConfig voiceName languageCode aspectRatio imageSize startOffset endOffset ' +
    'anyOf maxItems minItems maxLength minLength maxProperties minProperties propertyOrdering additionalProperties retrievalConfig latLng'
  ).split(' '),
)

/**
 * The request in the camel case of the REST reference. The real service reads the snake case of its
 * protocol buffers as well (`generation_config`, `system_instruction`, `inline_data`), and some
 * clients send it.
 */
export function inCamelCase(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      const camel = name.replaceAll(/(?<=[a-z\d])_([a-z\d])/g, (_, letter: string) =>
        letter.toUpperCase(),
      )
      const field = FIELDS.has(camel) ? camel : name
      // The schema of what a function answers is one of the API; what a function answered is not.
      if (FREE.has(field) && !(field === 'response' && isSchema(value))) return [field, value]
      return [
        field,
        NAMED.has(field) && isObject(value)
          ? Object.fromEntries(Object.entries(value).map(([own, schema]) => [own, valueOf(schema)]))
          : valueOf(value),
      ]
    }),
  )
}

function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf)
  return isObject(value) ? inCamelCase(value) : value
}

function isSchema(value: unknown): boolean {
  return isObject(value) && typeof value['type'] === 'string' && isObject(value['properties'])
}
