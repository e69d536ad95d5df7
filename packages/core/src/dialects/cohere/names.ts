export const DIALECT = 'cohere'
