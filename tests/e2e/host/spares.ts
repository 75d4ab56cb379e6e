/** Data sources without settings in the preview that the tests start: one for each worker, which runs one test a time. */
export const WORKERS = 2;

export const spareUid = (worker: number) => `cfaccess-e2e-${worker}`;
