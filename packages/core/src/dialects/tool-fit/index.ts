export { areFit, fitTools, type ToolFit } from './fit-tools.ts'
export { commonNames } from './tool-names.ts'
