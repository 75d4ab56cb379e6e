/** Data sources without settings, in the preview that the tests start. */
const PER_WORKER = 10;
const WORKERS = 4;

export const SPARE_DATA_SOURCES = PER_WORKER * WORKERS;

export const spareUid = (index: number) => `cfaccess-e2e-${index}`;

/** Uid of the spare with this number in this worker. */
export function spareOf(worker: number, number: number): string {
  if (worker >= WORKERS || number >= PER_WORKER) {
    throw new Error(`There are ${PER_WORKER} spare data sources for each of ${WORKERS} workers.`);
  }
  return spareUid(worker * PER_WORKER + number);
}
