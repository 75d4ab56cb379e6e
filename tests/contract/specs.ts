/**
 * Cloudflare's own descriptions of its API: access.openapi.json (OpenAPI 3.0) and access.graphql (an excerpt of the
 * GraphQL schema). They are not part of this repository; CLOUDFLARE_SPECS names their folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDERS = [process.env.CLOUDFLARE_SPECS, 'shared/cloudflare', '../shared/cloudflare'];

/** Folder with both files, or undefined. */
export const specsFolder = FOLDERS.filter((folder) => folder !== undefined).find((folder) =>
  ['access.openapi.json', 'access.graphql'].every((file) => existsSync(path.join(folder, file)))
);

/** Reason to skip a contract test, or false. */
export const skip = specsFolder === undefined && 'Cloudflare’s API descriptions are not here; set CLOUDFLARE_SPECS';

export function readSpec(file: 'access.openapi.json' | 'access.graphql'): string {
  return readFileSync(path.join(specsFolder ?? '.', file), 'utf8');
}
