const ALLOWED = /^[a-zA-Z0-9_-]+$/
const MARK = 'postern_id_'

/**
 * The id of a call for the client: as it is where this dialect allows it, otherwise in letters it
 * does.
 */
export function clientToolId(id: string): string {
  return ALLOWED.test(id) && !id.startsWith(MARK)
    ? id
    : MARK + Buffer.from(id).toString('base64url')
}

/** The id as its provider gave it. */
export function toolIdOf(clientId: string): string {
  return clientId.startsWith(MARK)
    ? Buffer.from(clientId.slice(MARK.length), 'base64url').toString()
    : clientId
}
