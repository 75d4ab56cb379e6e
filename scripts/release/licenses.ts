/** Which license a text is, and which ones the archive may contain. */

/**
 * Licenses whose terms an Apache-2.0 plugin meets with a copy of the text beside it. MPL-2.0 also wants to know where the
 * source is, which the notices say.
 */
export const ALLOWED = new Set(['Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MPL-2.0']);

/**
 * Phrases that a license has and no other one, in lower case and with single spaces. Those that are not allowed are here
 * so that a file with two licenses doesn't pass for its harmless one.
 */
const PHRASES: Array<[id: string, phrase: RegExp]> = [
  ['Apache-2.0', /apache license,? version 2\.0/],
  ['MPL-2.0', /mozilla public license,? version 2\.0/],
  ['MIT', /permission is hereby granted, free of charge, to any person obtaining a copy/],
  ['ISC', /permission to use, copy, modify, and(\/or)? distribute this software for any purpose with or without fee/],
  ['BSD-3-Clause', /redistributions in binary form must .*neither the name/],
  ['BSD-2-Clause', /redistributions in binary form must (?!.*neither the name)/],
  ['AGPL-3.0', /gnu affero general public license/],
  ['LGPL', /gnu (lesser|library) general public license/],
  ['GPL', /gnu general public license/],
  ['SSPL-1.0', /server side public license/],
  ['BUSL-1.1', /business source license/],
  ['Elastic-2.0', /elastic license/],
  ['Commons-Clause', /commons clause/],
];

/** SPDX IDs of the licenses that a text contains. MPL-2.0 names those of GNU as ones that it gets along with. */
export function identify(text: string): string[] {
  const plain = text
    .toLowerCase()
    .replace(/[\s#*/>"']+/g, ' ')
    .trim();
  const found = PHRASES.filter(([, phrase]) => phrase.test(plain)).map(([id]) => id);
  return found.includes('MPL-2.0') ? found.filter((id) => !/GPL/.test(id)) : found;
}

/** What is wrong with a component's licenses, or undefined. */
export function objection(name: string, licenses: string[]): string | undefined {
  if (licenses.length === 0) {
    return `${name} has no license that is known. Read it, and add its phrase to scripts/release/licenses.ts.`;
  }
  const refused = licenses.filter((id) => !ALLOWED.has(id));
  return refused.length > 0 ? `${name} is under ${refused.join(' and ')}, which the archive can't contain.` : undefined;
}
