import { describe, expect, it } from 'vitest'
import { modelTraits } from './models.ts'

describe('modelTraits', () => {
  it.each([
    ['gemini-2.5-flash', { kind: 'budget', min: 1, max: 24_576, canDisable: true }, false],
    ['models/gemini-2.5-flash', { kind: 'budget', min: 1, max: 24_576, canDisable: true }, false],
    [
      'gemini-2.5-flash-lite-preview-09-2025',
      { kind: 'budget', min: 512, max: 24_576, canDisable: true },
      false,
    ],
    ['gemini-2.5-pro', { kind: 'budget', min: 128, max: 32_768, canDisable: false }, false],
    ['gemini-2.5-flash-image', { kind: 'none' }, false],
    ['gemini-2.0-flash', { kind: 'none' }, false],
    ['gemini-3-pro-preview', { kind: 'level', levels: ['LOW', 'HIGH'] }, true],
    ['gemini-3-pro-image-preview', { kind: 'none' }, true],
    ['gemini-3.1-pro-preview', { kind: 'level', levels: ['LOW', 'MEDIUM', 'HIGH'] }, true],
    ['gemini-pro-latest', { kind: 'level', levels: ['LOW', 'MEDIUM', 'HIGH'] }, true],
    [
      'gemini-3-flash-preview',
      { kind: 'level', levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] },
      true,
    ],
    ['gemini-4-flash', { kind: 'level', levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] }, true],
    ['gemini-flash-latest', { kind: 'level', levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] }, true],
    ['tunedModels/mine', { kind: 'none' }, false],
  ])('knows %s', (model, thinking, requiresSignatures) => {
    expect(modelTraits(model)).toMatchObject({
      thinking,
      requiresSignatures,
      systemInstruction: true,
    })
  })

  it('knows that Gemma 3 takes no system instruction', () => {
    expect(modelTraits('gemma-3-27b-it').systemInstruction).toBe(false)
  })
})
