/** The software bill of materials of the archive, in CycloneDX (https://cyclonedx.org/docs/1.6/json/). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DIST, plugin, version } from '../lib/paths';
import { executables, type Component } from './components';
import { sourceDate } from './sourceDate';

/** The bill as JSON. It only depends on the source, as the archive does. */
export function sbom(all: Component[]): string {
  const root = `pkg:generic/${plugin.id}@${version}`;
  const files = [...executables(), 'module.js'].map((name) => ({
    type: 'file',
    'bom-ref': `file:${name}`,
    name,
    hashes: [{ alg: 'SHA-256', content: sha256(readFileSync(path.join(DIST, name))) }],
  }));
  const libraries = all.map((one) => ({
    type: 'library',
    'bom-ref': one.purl,
    name: one.name,
    version: one.version,
    purl: one.purl,
    licenses: one.licenses.map((id) => ({ license: { id } })),
    externalReferences: [{ type: 'distribution', url: one.source }],
  }));
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: sourceDate().toISOString(),
      component: {
        type: 'application',
        'bom-ref': root,
        name: plugin.id,
        version,
        purl: root,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: [...files, ...libraries],
    dependencies: [{ ref: root, dependsOn: libraries.map((one) => one['bom-ref']) }],
  };
  const serial = uuid(sha256(JSON.stringify(bill)));
  return `${JSON.stringify({ ...bill, serialNumber: `urn:uuid:${serial}` }, null, 2)}\n`;
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A UUID out of a hash, of version 8, which leaves its making open (RFC 9562). */
function uuid(hash: string): string {
  return hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
}
