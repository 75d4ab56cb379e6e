/**
 * Reads a Ray ID as people paste it from a block page: with spaces, in uppercase, with the data center after a
 * hyphen. Returns undefined if the text isn't one. pkg/query.NormalizeRayID does the same in the executable.
 */
export function normalizeRayId(text: string): string | undefined {
  const id = text
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/^rayid:/, '')
    .split('-')[0];
  return /^[0-9a-f]{1,32}$/.test(id) ? id : undefined;
}
