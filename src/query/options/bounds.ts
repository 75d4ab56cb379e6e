/** Bounds of what is counted and of what needs history; pkg/query/detect.go has the same. */
export const BOUNDS = {
  history: '180d',
  within: '24h',
  shift: '180d',
  times: { least: 1, most: 12 },
  steps: { least: 2, most: 5 },
  atLeast: { least: 1, most: 1000 },
} as const;

/** What is wrong with a number that must be whole and within bounds, if anything. */
export function wholeProblem(number: number, { least, most }: { least: number; most: number }): string | undefined {
  return Number.isInteger(number) && number >= least && number <= most
    ? undefined
    : `Enter a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}.`;
}
