/**
 * Everything random here is a hash of (seed, where, what), never a sequence:
 * the same window asked twice, in any order and by any process, gives the same rows.
 */

/** The 32-bit finalizer of MurmurHash3. It is a bijection: different inputs give different outputs. */
export function mix(value: number): number {
  let h = value | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

export function hash(seed: number, a: number, b = 0, c = 0): number {
  let h = mix(seed ^ 0x9e3779b9);
  h = mix(h + Math.imul(a, 0x85157af5));
  h = mix(h + Math.imul(b, 0x6c8e9cf5));
  return mix(h + Math.imul(c, 0x2545f491));
}

/** A number in [0, 1). */
export function unit(h: number): number {
  return h / 4294967296;
}

export function hashText(seed: number, text: string): number {
  let h = mix(seed ^ text.length);
  for (let i = 0; i < text.length; i++) {
    h = mix(h + text.charCodeAt(i));
  }
  return h;
}

export function hex(h: number, digits = 8): string {
  return (h >>> 0).toString(16).padStart(8, '0').slice(0, digits);
}

/** Hex digits of any length, always the same for the same text. */
export function hexFor(seed: number, text: string, digits: number): string {
  let out = '';
  for (let part = 0; out.length < digits; part++) {
    out += hex(hashText(seed + part, text));
  }
  return out.slice(0, digits);
}

/** A version 4 UUID, always the same for the same text. */
export function uuidFor(seed: number, text: string): string {
  const h = hexFor(seed, text, 32);
  const variant = '89ab'[parseInt(h[16], 16) % 4];
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}`;
}

/** How many events happen when `mean` are expected: Poisson for small means, its normal limit for large ones. */
export function poisson(mean: number, h: number): number {
  if (mean <= 0) {
    return 0;
  }
  if (mean > 40) {
    const a = Math.max(unit(h), 1e-9);
    const normal = Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * unit(mix(h + 1)));
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const u = unit(h);
  let probability = Math.exp(-mean);
  let sum = probability;
  let k = 0;
  while (u > sum && k < 200) {
    k++;
    probability *= mean / k;
    sum += probability;
  }
  return k;
}
