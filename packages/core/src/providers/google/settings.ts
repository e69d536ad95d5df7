import type { CloudFault, CloudSettings } from '../cloud.ts'
import type { ProviderDeps } from '../deps.ts'
import type { Provider } from '../provider.ts'
import type { GoogleCredentials } from './service-account.ts'
import { createVertexProvider } from './provider.ts'

/** Numbers, ids, and ids of projects that belong to a domain. */
const PROJECT = /^[a-z0-9][a-z0-9.:-]*$/
const LOCATION = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** A provider at Vertex AI from what was configured, or what keeps it from being one. */
export function createVertex(settings: CloudSettings, deps: ProviderDeps): Provider | CloudFault {
  const { credentials: given, apiKey, location } = settings
  const credentials = typeof given === 'function' ? undefined : given
  // A service account is at home in a project, which is usually the one that pays.
  const project = settings.project ?? projectOf(credentials)
  if (project === undefined && (apiKey === undefined || credentials !== undefined)) {
    return {
      message: 'Nothing says which project of Google Cloud this is.',
      fix: 'Set GOOGLE_VERTEX_PROJECT, or in code or in a file its project.',
    }
  }
  if (project !== undefined && !PROJECT.test(project)) {
    return {
      option: 'project',
      message: 'This is not the id of a project.',
      fix: 'Write the id as the console shows it, such as my-project-123.',
    }
  }
  if (location !== undefined && !LOCATION.test(location)) {
    return {
      option: 'location',
      message: 'This is not a location.',
      fix: 'Write one such as us-central1, europe-west4, us, eu or global.',
    }
  }
  try {
    return createVertexProvider({ ...settings, project, credentials }, deps)
  } catch (error) {
    // Its words repeat nothing of the file.
    if (!(error instanceof TypeError)) throw error
    const fix = 'Download the key of the service account again, and give the file as it is.'
    return {
      option: 'credentials',
      message: `These credentials cannot be used. ${error.message}`,
      fix,
    }
  }
}

function projectOf(credentials: GoogleCredentials | undefined): string | undefined {
  return typeof credentials?.project_id === 'string' ? credentials.project_id : undefined
}
