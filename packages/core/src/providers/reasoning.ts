/**
 * How much of its reasoning a model shows in its answers, which decides what an answer costs that
 * was not read to its end.
 *
 * - `none`: it does not reason
 * - `shown`: all of it is in the answer
 * - `hidden`: it reasons unless turned off, and shows nothing or a summary
 * - `always-hidden`: the same, and reasoning cannot be turned off
 * - `on-request`: it reasons only where the request asks for it, and shows nothing or a summary
 */
export type ReasoningHabit = 'none' | 'shown' | 'hidden' | 'always-hidden' | 'on-request'

/**
 * By the model's id without the path of its maker; the first match counts. From the model pages of
 * the makers, November 2026.
 */
const habits: readonly (readonly [models: RegExp, habit: ReasoningHabit])[] = [
  // OpenAI
  [/^gpt-oss/, 'shown'],
  [/^gpt-5(?:\.\d+)?-chat/, 'none'],
  [/^gpt-5\.\d+-(?:pro|codex)/, 'always-hidden'],
  [/^gpt-(?:5\.\d|[6-9])/, 'hidden'],
  [/^(?:o\d|gpt-5|codex|computer-use)/, 'always-hidden'],
  [/^(?:gpt-(?:3|4)|chatgpt-4o|davinci|babbage)/, 'none'],
  // Google
  [/^gemini-(?:1|2\.0)(?!.*thinking)/, 'none'],
  [/^gemini-2\.5-flash-lite/, 'on-request'],
  [/^gemini-2\.5-flash(?!.*image)/, 'hidden'],
  [/^gemini-/, 'always-hidden'],
  [/^(?:gemma|medgemma)/, 'none'],
  // Anthropic: since version 4 thinking is summarised, and since version 5 it is the default.
  [/claude-(?:instant|v?[12]\b|3-(?:haiku|sonnet|opus|5)|3\.5)/, 'none'],
  [/claude-(?:3-7|3\.7)/, 'shown'],
  [/claude-(?:(?:opus|sonnet|haiku)-)?4(?!\d)/, 'on-request'],
  [/claude-(?:fable|mythos)|claude-[a-z]+-5[-.]5/, 'always-hidden'],
  [/claude-/, 'hidden'],
  // xAI
  [/^grok-(?:2|3(?!-mini)|beta)/, 'none'],
  [/^grok-(?:3-mini|code)/, 'shown'],
  [/^grok-.*non-reasoning/, 'none'],
  [/^grok-/, 'always-hidden'],
  // Amazon
  [/nova-2/, 'on-request'],
  [/(?:nova-(?:micro|lite|pro|premier)|titan)/, 'none'],
  // Open models, and others that write their thoughts into the answer
  [
    /^(?:deepseek|qwen|qwq|glm|kimi|minimax|magistral|nemotron|ernie|hunyuan|seed|step|phi-4.*reasoning|command-a-reasoning|hermes|olmo.*think|exaone|intellect|longcat|r1)/,
    'shown',
  ],
  [
    /^(?:llama|meta-llama|mistral|ministral|mixtral|codestral|devstral|pixtral|voxtral|open-mi|command|c4ai|aya|phi|jamba|granite|smollm|falcon|yi|solar|wizardlm|vicuna|starcoder|olmo|arctic|dbrx|reka|palmyra|lfm|sonar(?!-(?:reasoning|deep)))/,
    'none',
  ],
  [/^sonar/, 'always-hidden'],
]

/**
 * `undefined` for a model that is not known. @param model as its provider names it: `gpt-5-mini`,
 * `us.anthropic.claude-...`, `meta-llama/Llama-3.3-70B`
 */
export function reasoningHabitOf(model: string): ReasoningHabit | undefined {
  const id = model.toLowerCase().slice(model.lastIndexOf('/') + 1)
  return habits.find(([models]) => models.test(id))?.[1]
}
