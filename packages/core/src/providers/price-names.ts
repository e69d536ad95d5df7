/** Under which name a price list has a provider, where that is not the catalogue's. */
const priceNames: Readonly<Record<string, string>> = {
  gemini: 'google',
  vertex: 'google',
  xai: 'x-ai',
  moonshot: 'moonshotai',
  bedrock: 'aws',
  'bedrock-mantle': 'aws',
}

/** The name of the provider in the price list of `@pydantic/genai-prices`. */
export function priceNameOf(provider: string): string {
  return priceNames[provider] ?? provider
}
