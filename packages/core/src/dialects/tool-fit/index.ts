export { areFit, fitTools, type ToolFit } from './fit-tools.ts'
export { commonNames, type NameRule } from './tool-names.ts'
