import { durationProblem, milliseconds, spellDuration } from './duration';

it.each([
  ['1s', 1000, '1 second'],
  ['20m', 1_200_000, '20 minutes'],
  ['24h', 86_400_000, '24 hours'],
  ['14d', 1_209_600_000, '14 days'],
  [' 1w ', 604_800_000, '1 week'],
] as const)('%s is %d milliseconds, or %s', (text, length, words) => {
  expect(milliseconds(text)).toBe(length);
  expect(spellDuration(text)).toBe(words);
});

it.each(['', '14', 'd', '0s', '-1d', '1.5h', '1 d', '1y', '1D', '1h30m', '1e3s'])('%j is no duration', (text) => {
  expect(milliseconds(text)).toBeUndefined();
  expect(durationProblem(text, '180d')).toContain('at most 180d');
});

it.each(['180d', '4320h', '25w', '$history', '${history}'])('%s is at most 180 days, or may be', (text) => {
  expect(durationProblem(text, '180d')).toBeUndefined();
});

it.each(['181d', '26w', '100000000s'])('%s is more than 180 days', (text) => {
  expect(durationProblem(text, '180d')).toBeDefined();
});
