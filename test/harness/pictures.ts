/**
 * A PNG of one pixel, as a data URL; its 68 bytes are enough for any provider to take it for a
 * picture.
 */
export const PIXEL_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='
export const PIXEL_URL = `data:image/png;base64,${PIXEL_PNG}`
