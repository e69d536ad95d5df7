const TEXT_TYPE =
  /^(text\/.+|application\/(json|xml|yaml|x-yaml|javascript|sql)|application\/.+\+(json|xml))$/
const UNKNOWN_TYPE = 'application/octet-stream'

/** Whether a file of this type is text, which every model reads. */
export function isTextType(mediaType: string): boolean {
  return TEXT_TYPE.test(mediaType)
}

/** A media type in lower case and without its parameters. */
export function plainMediaType(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase()
}

interface FileFacts {
  readonly mediaType?: string | undefined
  readonly name?: string | undefined
}

/**
 * Type of a file. Clients may send a file's data without its type; the ending of its name or
 * address tells then.
 */
export function mediaTypeOfFile(
  { mediaType = '', name = '' }: FileFacts,
  typesByEnding: ReadonlyMap<string, string>,
): string {
  const type = plainMediaType(mediaType)
  if (type !== '' && type !== UNKNOWN_TYPE) return type
  return typesByEnding.get(name.toLowerCase().split('.').at(-1) ?? '') ?? type
}
