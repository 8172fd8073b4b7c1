/** A map that tells of each of its changes. Its values are replaced, not changed. */
export class NotedMap<K, V> extends Map<K, V> {
  onChange: (key: K) => void = () => undefined;

  override set(key: K, value: V): this {
    super.set(key, value);
    this.onChange(key);
    return this;
  }

  override delete(key: K): boolean {
    const isDeleted = super.delete(key);
    if (isDeleted) this.onChange(key);
    return isDeleted;
  }

  override clear(): void {
    for (const key of this.keys()) this.delete(key);
  }
}
