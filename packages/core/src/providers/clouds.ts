import type { Cloud, CloudVariables } from './cloud.ts'
import { createAzure } from './azure/settings.ts'
import { createBedrock, createMantle } from './aws/settings.ts'
import { createVertex } from './google/settings.ts'

const awsVariables: readonly CloudVariables[] = [
  { option: 'apiKey', names: ['AWS_BEARER_TOKEN_BEDROCK'], isShared: true },
  { option: 'region', names: ['AWS_REGION', 'AWS_DEFAULT_REGION'], isShared: true },
  { option: 'accessKeyId', names: ['AWS_ACCESS_KEY_ID'], isShared: true },
  { option: 'secretAccessKey', names: ['AWS_SECRET_ACCESS_KEY'], isShared: true },
  { option: 'sessionToken', names: ['AWS_SESSION_TOKEN'], isShared: true },
]
const aws = {
  options: ['region', 'accessKeyId', 'secretAccessKey', 'sessionToken', 'credentials'],
  credentials: 'function',
  setup:
    'AWS_REGION and AWS_BEARER_TOKEN_BEDROCK, or AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
} as const satisfies Partial<Cloud>

/** Every cloud, by kind. */
export const clouds: readonly Cloud[] = [
  {
    kind: 'azure',
    title: 'Azure OpenAI and Foundry',
    dialects: ['openai-chat', 'openai-responses'],
    address: 'https://{resource}.openai.azure.com',
    options: ['resource', 'apiVersion', 'token'],
    variables: [
      { option: 'apiKey', names: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'] },
      { option: 'baseUrl', names: ['AZURE_OPENAI_ENDPOINT', 'AZURE_BASE_URL'] },
      { option: 'resource', names: ['AZURE_RESOURCE_NAME'] },
      { option: 'apiVersion', names: ['OPENAI_API_VERSION'], only: /^\d{4}-\d{2}-\d{2}/ },
    ],
    enabledBy: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
    setup: 'AZURE_OPENAI_API_KEY and AZURE_OPENAI_ENDPOINT (or AZURE_RESOURCE_NAME)',
    create: createAzure,
  },
  {
    kind: 'vertex',
    title: 'Google Vertex AI',
    dialects: ['gemini', 'anthropic-messages', 'openai-chat'],
    address: 'https://{location}-aiplatform.googleapis.com',
    options: ['project', 'location', 'credentials', 'token'],
    credentials: 'file',
    variables: [
      { option: 'apiKey', names: ['GOOGLE_VERTEX_API_KEY'] },
      { option: 'baseUrl', names: ['VERTEX_BASE_URL'] },
      {
        option: 'project',
        names: ['GOOGLE_VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT'],
        isShared: true,
      },
      {
        option: 'location',
        names: ['GOOGLE_VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION'],
        isShared: true,
      },
      { option: 'credentials', names: ['GOOGLE_APPLICATION_CREDENTIALS'], isShared: true },
    ],
    enabledBy: ['GOOGLE_VERTEX_PROJECT', 'GOOGLE_VERTEX_API_KEY'],
    setup:
      'GOOGLE_VERTEX_PROJECT, and GOOGLE_APPLICATION_CREDENTIALS where the machine has no identity of its own',
    create: createVertex,
  },
  {
    kind: 'bedrock',
    title: 'Amazon Bedrock',
    dialects: ['bedrock-converse'],
    address: 'https://bedrock-runtime.{region}.amazonaws.com',
    ...aws,
    variables: [{ option: 'baseUrl', names: ['BEDROCK_BASE_URL'] }, ...awsVariables],
    enabledBy: ['AWS_BEARER_TOKEN_BEDROCK'],
    create: createBedrock,
  },
  {
    kind: 'bedrock-mantle',
    title: "Amazon Bedrock's OpenAI-compatible endpoint",
    dialects: ['openai-chat', 'openai-responses'],
    address: 'https://bedrock-mantle.{region}.api.aws/openai/v1',
    ...aws,
    variables: [{ option: 'baseUrl', names: ['BEDROCK_MANTLE_BASE_URL'] }, ...awsVariables],
    // One variable makes one provider: this one has to be configured explicitly.
    enabledBy: [],
    create: createMantle,
  },
]

const byKind: ReadonlyMap<string, Cloud> = new Map(clouds.map((cloud) => [cloud.kind, cloud]))

/** The cloud of this kind, which is also the name of its own provider. */
export function findCloud(kind: string): Cloud | undefined {
  return byKind.get(kind)
}
