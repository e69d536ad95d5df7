import { z } from 'zod'
import { type CloudOption, cloudKinds, clouds, type TokenSource } from '../../providers/index.ts'
import { listed, meta } from './field-meta.ts'
import { callback, cloudCredentials, optionalSecret } from './field-values.ts'

/** Fields that place a provider at a cloud, and fields of some clouds only. */
export function cloudFields() {
  return {
    kind: z
      .enum(cloudKinds)
      .optional()
      .meta(
        meta({
          type: listed(cloudKinds),
          default: 'the name, where it is one of these',
          env: 'POSTERN_PROVIDER_<NAME>_KIND',
          description: 'A cloud whose calls take more than a key. The dialect follows from it.',
        }),
      ),
    resource: cloudText(
      'resource',
      'Name of the resource: what its host begins with. A `baseUrl` says the same in full.',
    ),
    apiVersion: cloudText(
      'apiVersion',
      'A date chooses the older interface, whose addresses name a deployment.',
    ),
    token: callback<TokenSource>()
      .optional()
      .meta(
        meta({
          type: 'function',
          codeOnly: true,
          description: ofKinds(
            'token',
            'Function that returns an access token, called for every request; caching is up to the function.',
          ),
        }),
      ),
    project: cloudText('project', 'Id of the project.'),
    location: cloudText('location', 'Location of the models; `global` unless given.'),
    credentials: cloudCredentials()
      .optional()
      .meta(
        meta({
          isSecret: true,
          type: 'path of a JSON file, its content, or a function (code only)',
          default: 'none',
          env: 'POSTERN_PROVIDER_<NAME>_CREDENTIALS',
          description: ofKinds(
            'credentials',
            'The credentials file of a cloud; or a function that returns current credentials, such as a provider of its SDK.',
          ),
        }),
      ),
    region: cloudText('region', 'Region of the models.'),
    accessKeyId: cloudSecret('accessKeyId', 'First half of a key pair that signs the calls.'),
    secretAccessKey: cloudSecret('secretAccessKey', 'Second half of it.'),
    sessionToken: cloudSecret('sessionToken', 'What belongs to a key pair that ends.'),
  }
}

function cloudText(option: CloudOption, description: string) {
  const fields = {
    type: 'string',
    default: 'none',
    env: providerVariable(option),
    description: ofKinds(option, description),
  }
  return z.string().trim().min(1).optional().meta(meta(fields))
}

function cloudSecret(option: CloudOption, description: string) {
  const fields = {
    isSecret: true,
    type: 'string',
    default: 'none',
    env: providerVariable(option),
    description: ofKinds(option, description),
  }
  return optionalSecret().optional().meta(meta(fields))
}

function providerVariable(option: CloudOption): string {
  return `POSTERN_PROVIDER_<NAME>_${option.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`
}

function ofKinds(option: CloudOption, description: string): string {
  return `${description} Kind ${listed(clouds.filter((cloud) => cloud.options.includes(option)).map((cloud) => cloud.kind))}.`
}
