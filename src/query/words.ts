import { findField, type CatalogueField, type Operator } from '../../catalogue';
import { type Filter, type FullQuery } from '../types';

const VERBS = {
  '=': 'is',
  '!=': 'is not',
  contains: 'contains',
  '!contains': 'does not contain',
  '=~': 'matches',
  '!~': 'does not match',
  '<': 'is below',
  '<=': 'is at most',
  '>': 'is above',
  '>=': 'is at least',
  in: 'is in',
  '!in': 'is not in',
} satisfies Record<Operator, string>;

/** How many values of a filter a sentence spells out at most. */
const SPELLED_OUT = 3;

/** Words with commas and a conjunction between them. */
export function list(words: string[], conjunction: string): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${conjunction} ${words[words.length - 1]}`;
}

/** What people read for a field. */
export function labelOf({ queryType }: FullQuery, name: string): string {
  return findField(queryType, name)?.label ?? name;
}

/** The values of a filter, as the catalogue calls them. */
function listValues({ queryType }: FullQuery, { field, values }: Filter): string {
  const options = findField(queryType, field)?.values;
  const texts = values.map((value) => options?.find((option) => option.value === value)?.text ?? (value || '(empty)'));
  const rest = texts.length - SPELLED_OUT;
  return list(rest > 1 ? [...texts.slice(0, SPELLED_OUT), `${rest} more`] : texts, 'or');
}

/** What a filter demands, such as "Country is GB or US". */
export function condition(query: FullQuery, filter: Filter, spell = (label: string) => label): string {
  const label = spell(labelOf(query, filter.field));
  const [value, ...others] = filter.values;
  if (value === '' && others.length === 0 && (filter.operator === '=' || filter.operator === '!=')) {
    return `${label} ${VERBS[filter.operator]} empty`;
  }
  return `${label} ${VERBS[filter.operator] ?? filter.operator} ${listValues(query, filter)}`;
}

/** A label inside a sentence: names and abbreviations, such as Ray ID and SCIM, keep their capitals. */
export function inSentence(label: string): string {
  const [first, second = ''] = label;
  const isName = second !== second.toLowerCase() || label.startsWith('Ray ') || label.startsWith('$');
  return isName ? label : first.toLowerCase() + label.slice(1);
}

/** A number of things that a field tells apart, such as "IP addresses"; a yes or no has no plural. */
export function pluralOf(field: CatalogueField | undefined, label: string): string {
  if (!field || field.kind === 'boolean') {
    return `values of ${label}`;
  }
  const word = inSentence(label);
  if (/[^aeiou]y$/.test(word)) {
    return `${word.slice(0, -1)}ies`;
  }
  return /(s|x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}
