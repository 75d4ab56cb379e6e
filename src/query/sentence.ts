import { catalogue, findField } from '../../catalogue';
import { type Compare, type Filter, type FullQuery, type Having, type Sequence } from '../types';
import { isFinished } from './model';
import { spellDuration } from './options/duration';
import { condition, inSentence, labelOf, list, pluralOf } from './words';

/** How a group's number is compared, in words that a number follows. */
export const HAVING_WORDS = {
  '>=': 'at least',
  '>': 'more than',
  '=': 'exactly',
  '!=': 'any number but',
  '<': 'fewer than',
  '<=': 'at most',
} satisfies Record<Having['operator'], string>;

/** Words for events, and whether a clause is among them, after which more words need a comma. */
interface Phrase {
  text: string;
  clause: boolean;
}

function followedBy({ text, clause }: Phrase, more: string): Phrase {
  return { text: `${text}${clause ? ',' : ''} ${more}`, clause };
}

/** How the events of a filter went, where that can stand before their noun: blocked logins, but not failure updates. */
function adjective(query: FullQuery, filter: Filter): string | undefined {
  const [value, ...others] = filter.values;
  if (filter.field !== catalogue[query.queryType].outcome?.field || filter.operator !== '=' || others.length > 0) {
    return undefined;
  }
  const text = findField(query.queryType, filter.field)?.values?.find((option) => option.value === value)?.text ?? '';
  return text.endsWith('ed') ? text.toLowerCase() : undefined;
}

/** The events that pass filters, such as "blocked logins where country is GB". */
function eventsOf(query: FullQuery, filters: Filter[] = [], number: 'one' | 'many' = 'many'): Phrase {
  const finished = filters.filter(isFinished);
  const adjectives = finished.flatMap((filter) => adjective(query, filter) ?? []);
  const conditions = finished
    .filter((filter) => adjective(query, filter) === undefined)
    .map((filter) => condition(query, filter, inSentence));
  const words = [...adjectives, catalogue[query.queryType].noun[number]].join(' ');
  return conditions.length > 0
    ? { text: `${words} where ${list(conditions, 'and')}`, clause: true }
    : { text: words, clause: false };
}

function fields(query: FullQuery, names: string[]): string {
  return list(
    names.map((name) => inSentence(labelOf(query, name))),
    'and'
  );
}

function follows(query: FullQuery, { by, steps, within }: Sequence): Phrase {
  const earlier = steps.slice(0, -1).map(({ filters, atLeast = 1 }) => {
    const events = eventsOf(query, filters, atLeast === 1 ? 'one' : 'many');
    return { ...events, text: `at least ${atLeast === 1 ? 'one' : atLeast} ${events.text}` };
  });
  const before = {
    text: earlier.map(({ text }) => text).join(', then '),
    clause: earlier.length > 1 || earlier.some(({ clause }) => clause),
  };
  const same = followedBy(before, `of the same ${fields(query, by)}`);
  const last = eventsOf(query, steps.at(-1)?.filters);
  return { text: followedBy(last, `that follow ${same.text} within ${spellDuration(within)}`).text, clause: true };
}

/** The events that the query is about, after what needs history. */
function found(query: FullQuery): Phrase {
  const { filters, firstSeen, sequence, queryType } = query;
  if (sequence) {
    return follows(query, sequence);
  }
  const passing = eventsOf(query, filters);
  if (!firstSeen) {
    return passing;
  }
  const unseen = `no such ${catalogue[queryType].noun.one} had in the ${spellDuration(firstSeen.history)} before`;
  return { text: followedBy(passing, `whose ${fields(query, firstSeen.by)} ${unseen}`).text, clause: true };
}

/** What is counted: the events, or what a field tells apart in them. */
function counted(query: FullQuery): Phrase {
  const events = found(query);
  const { measure, filters, firstSeen, sequence } = query;
  if (measure?.type !== 'distinct') {
    return events;
  }
  const different = `different ${pluralOf(findField(query.queryType, measure.field), labelOf(query, measure.field))}`;
  const all = !firstSeen && !sequence && !filters.some(isFinished);
  return all ? { text: different, clause: false } : { ...events, text: `${different} of ${events.text}` };
}

function kept(query: FullQuery, { operator, value }: Having): string {
  const [only, ...others] = query.groupBy;
  const groups = others.length > 0 ? 'groups' : pluralOf(findField(query.queryType, only), labelOf(query, only));
  return `, and keeps ${groups} with ${HAVING_WORDS[operator]} ${value}`;
}

function compared({ shift, times = 1, show }: Compare): string {
  const apart = spellDuration(shift);
  const past = times === 1 ? `the one ${apart} before it` : `the mean of ${times} values before it, ${apart} apart`;
  const lonely = times === 1 && (!show || show === 'deviation') ? ' A single earlier value gives no deviation.' : '';
  const shown = {
    value: 'Shows the values alone.',
    baseline: `Shows, in place of each value, ${past}.`,
    deviation: `Shows by how many standard deviations each value is above ${past}.`,
    all: `Shows each value beside ${past}, and its deviation from it.`,
  };
  return ` ${shown[show ?? 'all']}${lonely}`;
}

function predicate(query: FullQuery): string {
  const { format, groupBy, measure, having } = query;
  if (format === 'logs') {
    return `lists ${followedBy(found(query), 'as log lines').text}`;
  }
  const by = groupBy.length > 0 ? `by ${fields(query, groupBy)}` : undefined;
  if (format === 'time_series') {
    return `counts ${followedBy(counted(query), 'over time').text}${by ? `, ${by}` : ''}`;
  }
  if (by) {
    return `counts ${followedBy(counted(query), by).text}${having ? kept(query, having) : ''}`;
  }
  return measure?.type === 'distinct'
    ? `counts ${followedBy(counted(query), 'as one number').text}`
    : `lists ${found(query).text}`;
}

/** What a query that nothing is wrong with finds, in words. */
export function sentence(query: FullQuery): string {
  const { filters, sequence, compare } = query;
  const among = sequence && filters.some(isFinished) ? `among ${eventsOf(query, filters).text}, ` : '';
  const text = `${among}${predicate(query)}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.${compare ? compared(compare) : ''}`;
}
