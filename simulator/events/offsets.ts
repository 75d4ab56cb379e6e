import { hash, unit } from '../hash';

export const MINUTE_US = 60_000_000;

/** Sorted offsets in microseconds of `count` events inside a slot. */
export function slotOffsets(seed: number, slot: number, count: number, slotUs: number): Float64Array {
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    offsets[i] = Math.floor(unit(hash(seed, slot, i, 7)) * slotUs);
  }
  return offsets.sort();
}
