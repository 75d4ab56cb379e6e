import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Feed, type EventSource, type FeedEvent, type FeedQuery } from '../events/feed';
import { LruMap } from '../events/lruMap';
import { hash, poisson } from '../hash';

const SLOT = 1000;

/** A small source with empty, small and large slots, over several blocks of slots. */
class Source implements EventSource<FeedEvent> {
  readonly slotUs = SLOT;
  made = 0;
  count(slot: number): number {
    return slot % 97 === 0 ? 30 : poisson(0.4, hash(9, slot));
  }
  events(slot: number): FeedEvent[] {
    const count = this.count(slot);
    this.made += count;
    return Array.from({ length: count }, (_, i) => ({
      rawUs: slot * SLOT + Math.floor((i * SLOT) / count),
      chance: hash(8, slot, i),
    }));
  }
}

const LAST = 6000 * SLOT;
const query = fc.record({
  from: fc.integer({ min: 0, max: LAST }),
  length: fc.integer({ min: 0, max: LAST }),
  now: fc.integer({ min: 0, max: LAST + 5000 }),
  delay: fc.constantFrom(0, 1500),
  weighted: fc.boolean(),
});

function build(q: {
  from: number;
  length: number;
  now: number;
  delay: number;
  weighted: boolean;
}): FeedQuery<FeedEvent> {
  return {
    fromUs: q.from,
    toUs: q.from + q.length,
    nowUs: q.now,
    ...(q.delay > 0
      ? { maxDelayUs: q.delay, arrivesUs: (event: FeedEvent) => event.rawUs + (event.chance % 2) * q.delay }
      : {}),
    ...(q.weighted ? { weight: (event: FeedEvent) => event.chance % 3, weightKey: 'third' } : {}),
  };
}

/** The same by going through everything. */
function plain(q: FeedQuery<FeedEvent>): FeedEvent[] {
  const source = new Source();
  const events: FeedEvent[] = [];
  for (let slot = 0; slot <= 12_100; slot++) {
    for (const event of source.events(slot)) {
      const arrives = q.arrivesUs?.(event) ?? event.rawUs;
      if (event.rawUs >= q.fromUs && event.rawUs < q.toUs && arrives <= q.nowUs) {
        for (let copies = q.weight?.(event) ?? 1; copies > 0; copies--) {
          events.push(event);
        }
      }
    }
  }
  return events;
}

test('pages, in any size and order, are the window', () => {
  const shared = new Feed(new Source());
  fc.assert(
    fc.property(
      query,
      fc.boolean(),
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 1, max: 400 }),
      (q, descending, skip, take) => {
        const built = build(q);
        const all = plain(built);
        assert.equal(shared.count(built), all.length);
        if (descending) {
          all.reverse();
        }
        assert.deepEqual(shared.page(built, { descending, skip, take }), all.slice(skip, skip + take));
      }
    ),
    { numRuns: 60 }
  );
});

test('a far page makes the events that it shows, not those before it', () => {
  const source = new Source();
  const feed = new Feed(source);
  const window = { fromUs: 0, toUs: LAST, nowUs: LAST * 2 };
  assert.equal(feed.page(window, { descending: true, skip: 2500, take: 10 }).length, 10);
  assert.ok(source.made < 100, `${source.made}`);
});

test('what is kept is bounded', () => {
  const map = new LruMap<number, string>(10, (value) => value.length);
  map.set(1, 'aaaa');
  map.set(2, 'bbbb');
  assert.equal(map.get(1), 'aaaa');
  map.set(3, 'cccc');
  assert.equal(map.get(2), undefined);
  assert.equal(map.get(1), 'aaaa');
  assert.equal(map.get(3), 'cccc');
});
