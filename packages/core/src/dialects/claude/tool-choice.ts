import type { Tool, ToolChoice } from '../model/conversation.ts'
import { wireToolName } from './tool-names.ts'

/** Whether the client forces a tool call. */
export function forcesCall(choice: ToolChoice | undefined): boolean {
  return (
    choice?.mode === 'required' ||
    choice?.mode === 'tool' ||
    (choice?.mode === 'allowed' && choice.required)
  )
}

/** Wire name of the tool a choice names. */
export function chosenToolName(name: string, tools: readonly Tool[]): string {
  const tool = tools.find((candidate) => candidate.name === name)
  return tool === undefined ? name : wireToolName(tool)
}
