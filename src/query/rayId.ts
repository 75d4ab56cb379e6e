/**
 * Reads a Ray ID as people paste it from a block page: with spaces, in uppercase, with the data center after a
 * hyphen; or from the header of a response. Returns undefined if the text isn't one. pkg/query.NormalizeRayID does the same in the executable.
 */
export function normalizeRayId(text: string): string | undefined {
  const id = text
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/^(rayid|cf-ray):/, '')
    .split('-')[0];
  return /^[0-9a-f]{1,32}$/.test(id) ? id : undefined;
}

/** On a page, a Ray ID has the 16 digits that Cloudflare gives it. */
const NAMED = /\bray[\s_-]*id\b(?:<[^>]*>|[^0-9a-z<]){0,20}([0-9a-f]{16})\b/i;
const LONELY = /\b[0-9a-f]{16}\b/gi;

/**
 * Finds the Ray ID in what people paste: the ID itself, or a whole block page with the ID in it. On a page, it is the
 * one that is called so, or the only one that looks like one. pkg/query reads pasted texts in the same way.
 */
export function pastedRayId(text: string): string | undefined {
  const found = new Set(Array.from(text.matchAll(LONELY), ([id]) => id.toLowerCase()));
  return normalizeRayId(text) ?? NAMED.exec(text)?.[1].toLowerCase() ?? (found.size === 1 ? [...found][0] : undefined);
}
