import { expect, it } from 'vitest'
import { hasContent } from './block-content.ts'

it.each([
  ['an empty text block', { content_block: { type: 'text', text: '' } }, false],
  ['a text block with text', { content_block: { type: 'text', text: 'Hi' } }, true],
  ['a tool call', { content_block: { type: 'tool_use', name: 'look' } }, true],
  ['an empty delta', { delta: { type: 'text_delta', text: '' } }, false],
  ['a delta with arguments', { delta: { partial_json: '{' } }, true],
  ['the end of a block', {}, false],
  ['a type with a toString of its own', { content_block: { type: { toString: '' } } }, true],
])('hasContent of %s', (_, event, expected) => {
  expect(hasContent(event)).toBe(expected)
})
