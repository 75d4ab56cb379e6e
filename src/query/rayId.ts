/**
 * Reads a Ray ID as people paste it from a block page: with spaces, in upper case, with the data centre behind a
 * hyphen. Undefined where the text holds none. pkg/query.NormalizeRayID is the executable's twin.
 */
export function normalizeRayId(text: string): string | undefined {
  const id = text
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/^rayid:/, '')
    .split('-')[0];
  return /^[0-9a-f]{1,32}$/.test(id) ? id : undefined;
}
