import {
  catalogue,
  filterableFields,
  type AnswerPart,
  type CatalogueField,
  type CatalogueQueryType,
  type Kind,
} from '../catalogue/index';

const KINDS: Record<Kind, string> = {
  time: 'time',
  string: 'text',
  boolean: 'true or false',
  enum: 'text',
  email: 'email address',
  ip: 'IP address',
  country: 'country code',
  rayId: 'Ray ID',
  uuid: 'ID',
  json: 'JSON',
  number: 'number',
  duration: 'duration',
};

/** Reference pages by their path under docs/sources. */
export function referencePages(): Map<string, string> {
  const pages = new Map([['reference/_index.md', overviewPage()]]);
  Object.values(catalogue).forEach((type, index) => {
    pages.set(`reference/${type.queryType}.md`, queryTypePage(type, (index + 1) * 100));
  });
  return pages;
}

function overviewPage(): string {
  const rows = Object.values(catalogue).map((type) => [
    `[${type.title}](./${type.queryType}.md)`,
    code(type.queryType),
    sentence(type.description),
    code(type.permission),
    sentence(type.retention.text),
  ]);
  return [
    frontMatter('Reference', 'Every query type and field of the Cloudflare Access data source.', 900),
    '# Reference',
    'What each query type contains and which permission it needs.',
    table(['Query type', 'Name in JSON', 'Contains', 'Permission', 'Retention'], rows),
    '',
  ].join('\n\n');
}

function queryTypePage(type: CatalogueQueryType, weight: number): string {
  return [
    frontMatter(type.title, sentence(`Fields of the query type ${type.title}`), weight),
    `# ${type.title}`,
    sentence(type.description),
    facts(type),
    ...(type.parts ?? []).flatMap((part) => partSection(type, part)),
    ...(type.parts ? filterSection(type) : fieldSection(type)),
    '## What the fields mean',
    type.fields.map(meaning).join('\n'),
    '',
  ].join('\n\n');
}

/** The columns of a part; what they mean stands once for all parts. */
function partSection(type: CatalogueQueryType, part: AnswerPart): string[] {
  const fields = part.fields.flatMap((name) => type.fields.find((field) => field.name === name) ?? []);
  return [
    `## ${part.title}`,
    `${part.description} The frame and the value of ${code('part')} in JSON: ${code(part.name)}.`,
    table(
      ['Field', 'Label', 'Kind', 'Personal'],
      fields.map((field) => [code(field.name), field.label, KINDS[field.kind], yesNo(field.personal ?? false)])
    ),
  ];
}

function filterSection(type: CatalogueQueryType): string[] {
  const fields = filterableFields(type.queryType);
  return [
    '## Filters',
    table(
      ['Field', 'Label', 'Operators'],
      fields.map((field) => [code(field.name), field.label, field.operators.map(code).join(' ')])
    ),
  ];
}

function fieldSection(type: CatalogueQueryType): string[] {
  return [
    '## Fields',
    'Cloudflare can apply the operators under **Cloudflare filters**, and the data source uses them if that saves calls. All other operators work too: the data source applies them to the events that it reads.',
    table(
      ['Field', 'Label', 'Kind', 'Operators', 'Cloudflare filters', 'Group by', 'Personal'],
      type.fields.map(fieldRow)
    ),
  ];
}

function facts(type: CatalogueQueryType): string {
  const needs = type.requiredFilters.map(code).join(', ');
  const lines = [
    `Name in JSON: ${code(type.queryType)}`,
    `Token permission: ${code(type.permission)}.${type.permissionNote ? ` ${type.permissionNote}` : ''}`,
    `Retention: ${type.retention.text}.`,
    type.api === 'graphql'
      ? `Source: ${code(type.endpoint)} of the GraphQL Analytics API.`
      : `Source: ${code(`GET ${type.endpoint}`)} of the REST API.`,
    ...(type.timeField ? [`Time: ${code(type.timeField)}.`] : []),
    ...(type.count ? [`Count: ${code(type.count)}.`] : []),
    ...(needs === '' ? [] : [`Required filter: ${needs}.`]),
    `[Cloudflare's documentation](${type.documentation})`,
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

function fieldRow(field: CatalogueField): string[] {
  return [
    code(field.name),
    field.label,
    KINDS[field.kind],
    field.operators.map(code).join(' '),
    Object.keys(field.upstream ?? {})
      .map(code)
      .join(' ') || 'none',
    yesNo(field.groupable),
    yesNo(field.personal ?? false),
  ];
}

function meaning(field: CatalogueField): string {
  const known = field.kind === 'boolean' ? [] : (field.values ?? []).map((value) => code(value.value));
  const notes = [
    field.description,
    field.derived?.names && !field.path
      ? `The data source finds it by ${code(field.derived.from ?? '')} in the account's list.`
      : '',
    known.length > 0 ? `Known values: ${known.join(', ')}.` : '',
    field.filterOnly ? "Only for filters: it isn't a column." : '',
    field.extra ? 'A column only if a query names it.' : '',
    field.optional ? 'Can be empty.' : '',
  ];
  return `- ${code(field.name)}: ${notes.filter((note) => note !== '').join(' ')}`;
}

function frontMatter(title: string, description: string, weight: number): string {
  return [
    '---',
    `title: ${title}`,
    `description: ${description}`,
    `weight: ${weight}`,
    '---',
    '',
    '<!-- Made by npm run generate from catalogue/. Change the catalogue, not this page. -->',
  ].join('\n');
}

export function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
