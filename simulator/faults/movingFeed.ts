import { LruMap } from '../events/lruMap';

/**
 * Remembers by how many rows each list that is being paged through has moved. A list is its URL without the page;
 * asking for the first page starts it anew.
 */
export class MovingFeed {
  private readonly moved = new LruMap<string, number>(1000);

  /** Moves a list by `rows` and answers how far it has moved since its first page. */
  shift(path: string, query: URLSearchParams, rows: number): number {
    if (query.get('direction') === 'asc') {
      return 0;
    }
    const list = new URLSearchParams(query);
    list.delete('page');
    const key = `${path}?${list.toString()}`;
    const isFirst = (query.get('page') ?? '1') === '1';
    const moved = isFirst ? 0 : (this.moved.get(key) ?? 0) + rows;
    this.moved.set(key, moved);
    return moved;
  }
}
