import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import type { Output } from './outputs';

const FOLDER = resolve(__dirname, '../catalogue');
const SCHEMA = 'schema.json';
const HEADER = '// Made by npm run generate from the JSON files beside it. Change those, not this file.\n';

interface QueryTypeFile {
  queryType: string;
  order: number;
  parts?: unknown[];
  inventory?: boolean;
}

/** What TypeScript needs to import the catalogue with its types: JSON modules alone widen every literal to string. */
export async function catalogueOutputs(): Promise<Output[]> {
  const schema: JSONSchema = JSON.parse(read(SCHEMA));
  const files = queryTypeFiles();
  const names = files.map(({ queryType }) => queryType);
  const events = files.filter(({ parts, inventory }) => !parts && !inventory).map(({ queryType }) => queryType);
  return [
    { path: 'catalogue/types.ts', text: await types(schema, names) },
    { path: 'catalogue/queryTypes.ts', text: queryTypes(schema, names, events) },
    ...names.map((name) => ({ path: `catalogue/${name}.d.json.ts`, text: declaration() })),
  ];
}

/** All query types in the order in which editors show them. */
function queryTypeFiles(): QueryTypeFile[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json') && file !== SCHEMA)
    .map((file): QueryTypeFile => JSON.parse(read(file)))
    .sort((a, b) => a.order - b.order);
}

/** The types of schema.json, with a union of the query types that there are in place of any text. */
function types(schema: JSONSchema, names: string[]): Promise<string> {
  const definitions = { ...schema.definitions };
  definitions.queryTypeName = { ...definitions.queryTypeName, enum: names };
  return compile({ ...schema, definitions }, 'CatalogueQueryType', {
    additionalProperties: false,
    bannerComment: HEADER,
    format: false,
    ignoreMinAndMaxItems: true,
  });
}

function queryTypes(schema: JSONSchema, names: string[], events: string[]): string {
  return `${HEADER}
import type { CatalogueQueryType, Operator, QueryTypeName } from './types';
${names.map((name) => `import ${name} from './${name}.json';`).join('\n')}

/** Every query type, in the order in which editors show them. */
export const QUERY_TYPES: readonly QueryTypeName[] = ${JSON.stringify(names)};

/** A query type whose answers hold events, which have a time. The answers of the others have parts, or are an inventory. */
export type EventTypeName = ${events.map((name) => `'${name}'`).join(' | ')};

/** Every query type whose answers hold events, in the order in which editors show them. */
export const EVENT_TYPES: readonly EventTypeName[] = ${JSON.stringify(events)};

/** Every operator, in the order in which editors show them. */
export const OPERATORS: readonly Operator[] = ${JSON.stringify(schema.definitions?.operator.enum)};

export const catalogue: Record<QueryTypeName, CatalogueQueryType> = { ${names.join(', ')} };
`;
}

/** The type of a JSON file; generate/schema.test.ts holds each file against the schema that the type is made of. */
function declaration(): string {
  return `${HEADER}
import type { CatalogueQueryType } from './types';

declare const queryType: CatalogueQueryType;
export default queryType;
`;
}

function read(file: string): string {
  return readFileSync(resolve(FOLDER, file), 'utf8');
}
