import { LruMap } from './lruMap';

/** Something that happened. Times are microseconds since the epoch. */
export interface FeedEvent {
  readonly rawUs: number;
  /** A hash of its own, for personalities that befall single events. */
  readonly chance: number;
}

/** Where events come from: slots of equal length, each a pure function of its number. */
export interface EventSource<E extends FeedEvent> {
  readonly slotUs: number;
  /** Number of events in a slot, cheaper than making them. */
  count(slot: number): number;
  /** Events of a slot, oldest first. */
  events(slot: number): readonly E[];
}

/** Two lists of one slot as one, oldest first. Events that there were before keep their order. */
export function inOrder<E extends FeedEvent>(events: E[], more: readonly E[]): E[] {
  return more.length === 0 ? events : [...events, ...more].sort((a, b) => a.rawUs - b.rawUs);
}

export interface FeedQuery<E extends FeedEvent> {
  /** Window, inclusive and exclusive, in microseconds. */
  fromUs: number;
  toUs: number;
  /** Time at which an event can be read; `maxDelayUs` is the largest difference to its own time. */
  nowUs: number;
  arrivesUs?: (event: E) => number;
  maxDelayUs?: number;
  /** How often the event is in the answer: 0 is filtered out, 2 is a duplicate. Absent means 1. */
  weight?: (event: E) => number;
  /** Identifies `weight`, so that counts of it can be kept. */
  weightKey?: string;
}

const SLOTS_A_BLOCK = 1440;

/** Counts of the slots of a block, -1 where not known yet; `total` is known when every slot is. */
interface Block {
  counts: Int32Array;
  total: number;
}

/**
 * Reads windows of a source without going through them from the start: counts of slots are kept per filter,
 * so that page N only makes the events of the slots that it shows. Everything kept is bounded.
 */
export class Feed<E extends FeedEvent> {
  private readonly cache: LruMap<number, readonly E[]>;
  private readonly blocks = new LruMap<string, Map<number, Block>>(24);

  constructor(
    private readonly source: EventSource<E>,
    maxCachedEvents = 120_000
  ) {
    this.cache = new LruMap(maxCachedEvents, (events) => events.length + 1);
  }

  /** For when the source has other events than before. */
  forget(): void {
    this.cache.clear();
    this.blocks.clear();
  }

  /** Events of a slot, oldest first; `keep` decides whether they stay in the cache. */
  slotEvents(slot: number, keep = true): readonly E[] {
    let events = this.cache.get(slot);
    if (!events) {
      events = this.source.events(slot);
      if (keep) {
        this.cache.set(slot, events);
      }
    }
    return events;
  }

  /** Events of the window, oldest first, each once whatever its weight. Long windows leave the cache as it is. */
  scan(query: FeedQuery<E>, visit: (event: E) => void): void {
    const [first, last] = this.slotRange(query);
    const keep = last - first < SLOTS_A_BLOCK;
    for (let slot = first; slot <= last; slot++) {
      const events = this.visible(slot, query, keep);
      for (let i = 0; i < events.length; i++) {
        visit(events[i]);
      }
    }
  }

  count(query: FeedQuery<E>): number {
    const [first, last] = this.slotRange(query);
    let total = 0;
    for (let slot = first; slot <= last;) {
      const step = this.countFrom(slot, first, last, 1, query);
      total += step.count;
      slot += step.slots;
    }
    return total;
  }

  /**
   * `take` events after `skip`, in the order asked for. `arrange` may reorder the events of a slot
   * (they come oldest first) before the page is cut out.
   */
  page(
    query: FeedQuery<E>,
    options: { descending: boolean; skip: number; take: number; arrange?: (events: E[]) => E[] }
  ): E[] {
    const [first, last] = this.slotRange(query);
    const direction = options.descending ? -1 : 1;
    const page: E[] = [];
    let skip = options.skip;
    let slot = options.descending ? last : first;
    while (slot >= first && slot <= last && page.length < options.take) {
      const step = this.countFrom(slot, first, last, direction, query);
      if (step.count <= skip) {
        skip -= step.count;
        slot += direction * step.slots;
        continue;
      }
      if (step.slots > 1) {
        // The block holds the start of the page: go through it slot by slot.
        slot = this.skipInside(slot, direction, query, skip, (left) => (skip = left));
      }
      const weighted = this.weighted(slot, query);
      const events = options.arrange ? options.arrange(weighted) : weighted;
      if (options.descending) {
        events.reverse();
      }
      for (let i = skip; i < events.length && page.length < options.take; i++) {
        page.push(events[i]);
      }
      skip = 0;
      slot += direction;
    }
    return page;
  }

  private slotRange(query: FeedQuery<E>): [number, number] {
    const end = Math.min(query.toUs, query.nowUs + 1);
    return [Math.floor(query.fromUs / this.source.slotUs), Math.ceil(end / this.source.slotUs) - 1];
  }

  /** True where every event of the slot is in the window and can be read. */
  private whole(slot: number, query: FeedQuery<E>): boolean {
    const from = slot * this.source.slotUs;
    const to = from + this.source.slotUs;
    return from >= query.fromUs && to <= query.toUs && to + (query.maxDelayUs ?? 0) <= query.nowUs;
  }

  private visible(slot: number, query: FeedQuery<E>, keep = true): readonly E[] {
    const events = this.slotEvents(slot, keep);
    if (this.whole(slot, query)) {
      return events;
    }
    const arrives = query.arrivesUs ?? ((event: E) => event.rawUs);
    return events.filter(
      (event) => event.rawUs >= query.fromUs && event.rawUs < query.toUs && arrives(event) <= query.nowUs
    );
  }

  private weighted(slot: number, query: FeedQuery<E>): E[] {
    const visible = this.visible(slot, query);
    const { weight } = query;
    if (!weight) {
      return visible.slice();
    }
    const out: E[] = [];
    for (const event of visible) {
      for (let copies = weight(event); copies > 0; copies--) {
        out.push(event);
      }
    }
    return out;
  }

  private slotCount(slot: number, query: FeedQuery<E>): number {
    if (!this.whole(slot, query)) {
      return this.sumWeights(slot, query);
    }
    const counts = this.block(slot, query).counts;
    const index = slot % SLOTS_A_BLOCK;
    if (counts[index] < 0) {
      counts[index] = query.weight ? this.sumWeights(slot, query) : this.source.count(slot);
    }
    return counts[index];
  }

  private sumWeights(slot: number, query: FeedQuery<E>): number {
    const visible = this.visible(slot, query);
    const { weight } = query;
    return weight ? visible.reduce((sum, event) => sum + weight(event), 0) : visible.length;
  }

  private block(slot: number, query: FeedQuery<E>): Block {
    const key = query.weight ? (query.weightKey ?? '') : 'all';
    let blocks = this.blocks.get(key);
    if (!blocks) {
      blocks = new Map();
      this.blocks.set(key, blocks);
    }
    const number = Math.floor(slot / SLOTS_A_BLOCK);
    let block = blocks.get(number);
    if (!block) {
      block = { counts: new Int32Array(SLOTS_A_BLOCK).fill(-1), total: -1 };
      blocks.set(number, block);
    }
    return block;
  }

  /** Counts one slot, or a whole block of them where the walk stands at its edge and its total is known. */
  private countFrom(
    slot: number,
    first: number,
    last: number,
    direction: 1 | -1,
    query: FeedQuery<E>
  ): { count: number; slots: number } {
    const start = Math.floor(slot / SLOTS_A_BLOCK) * SLOTS_A_BLOCK;
    const end = start + SLOTS_A_BLOCK - 1;
    const atEdge = slot === (direction === 1 ? start : end);
    if (atEdge && start >= first && end <= last && this.whole(start, query) && this.whole(end, query)) {
      const block = this.block(slot, query);
      if (block.total < 0 && block.counts.every((count) => count >= 0)) {
        block.total = block.counts.reduce((sum, count) => sum + count, 0);
      }
      if (block.total >= 0) {
        return { count: block.total, slots: SLOTS_A_BLOCK };
      }
    }
    return { count: this.slotCount(slot, query), slots: 1 };
  }

  private skipInside(
    slot: number,
    direction: 1 | -1,
    query: FeedQuery<E>,
    skip: number,
    left: (skip: number) => void
  ): number {
    let at = slot;
    let rest = skip;
    for (let count = this.slotCount(at, query); count <= rest; count = this.slotCount(at, query)) {
      rest -= count;
      at += direction;
    }
    left(rest);
    return at;
  }
}
