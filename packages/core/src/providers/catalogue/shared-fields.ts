export const noModelList = { listModelsPath: undefined }

export const responses = { alsoSpeaks: ['openai-responses'] } as const
