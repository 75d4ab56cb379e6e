/** The 128 bits of an address; IPv4 as IPv6 writes it (`::ffff:0:0/96`). Undefined for anything else. */
function bits(address: string): bigint | undefined {
  if (!address.includes(':')) {
    const parts = address.split('.').map(Number);
    return parts.length === 4 && parts.every((part) => part >= 0 && part <= 255)
      ? parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0xffffn)
      : undefined;
  }
  const [head, tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right];
  return groups.length === 8 ? groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) : undefined;
}

/** Whether an address is in a range in CIDR notation, or is the address where there is no prefix. */
export function rangeTest(cidr: string): (address: string) => boolean {
  const [network, prefix] = cidr.split('/');
  const base = bits(network);
  const width = network.includes(':') ? 128 : 32;
  const shift = BigInt(width - Number(prefix ?? width));
  return (address) => {
    const its = bits(address);
    return base !== undefined && its !== undefined && its >> shift === base >> shift;
  };
}
