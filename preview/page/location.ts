import { dateTime, rangeUtil, type RawTimeRange, toURLRange } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { useSyncExternalStore } from 'react';

const subscribe = (changed: () => void) => locationService.getHistory().listen(changed);

/** The address is where the pages keep their state, as in Grafana. */
export function useLocation() {
  return useSyncExternalStore(subscribe, locationService.getLocation);
}

/** Reads `now-6h` as it is and numbers as epoch milliseconds. */
function parseTime(text: string): RawTimeRange['from'] {
  return /^\d+$/.test(text) ? dateTime(Number(text)) : text;
}

export function parseRange(
  from: string | null | undefined,
  to: string | null | undefined,
  otherwise: RawTimeRange
): RawTimeRange {
  return from && to ? { from: parseTime(from), to: parseTime(to) } : otherwise;
}

/** From and to as they stand in addresses. */
export function formatRange(range: RawTimeRange): { from: string; to: string } {
  const { from, to } = toURLRange(range);
  return { from: String(from), to: String(to) };
}

/** The range that is as long and lies before (-1) or after (1), or is twice as long around the same middle (0). */
export function moveRange(raw: RawTimeRange, direction: -1 | 0 | 1): RawTimeRange {
  const range = rangeUtil.convertRawToRange(raw);
  const [from, to] = [range.from.valueOf(), range.to.valueOf()];
  const half = (to - from) / 2;
  return direction === 0
    ? { from: dateTime(from - half), to: dateTime(to + half) }
    : { from: dateTime(from + direction * half), to: dateTime(to + direction * half) };
}

/** Follows links inside the page without loading it anew. */
export function interceptLinks() {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest('a');
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.defaultPrevented;
    if (link?.getAttribute('href')?.startsWith('/') && link.target !== '_blank' && plain) {
      event.preventDefault();
      locationService.push(link.getAttribute('href')!);
    }
  });
}
