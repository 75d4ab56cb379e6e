/** A map that drops what was not used for longest when the sum of its values' sizes passes a limit. */
export class LruMap<K, V> {
  private readonly entries = new Map<K, V>();
  private size = 0;

  constructor(
    private readonly limit: number,
    private readonly sizeOf: (value: V) => number = () => 1
  ) {}

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, value);
    }
    return value;
  }

  set(key: K, value: V): void {
    this.remove(key);
    this.entries.set(key, value);
    this.size += this.sizeOf(value);
    for (const oldest of this.entries.keys()) {
      if (this.size <= this.limit || this.entries.size === 1) {
        break;
      }
      this.remove(oldest);
    }
  }

  clear(): void {
    this.entries.clear();
    this.size = 0;
  }

  private remove(key: K): void {
    const value = this.entries.get(key);
    if (value !== undefined) {
      this.size -= this.sizeOf(value);
      this.entries.delete(key);
    }
  }
}
