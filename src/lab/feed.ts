/** What is new, for one who asks again and again. */
export interface Feed<T> {
  /** What was made, changed or removed since this was asked last. Undefined: all may be others. */
  take(): ReadonlySet<T> | undefined;
}

class OpenFeed<T> implements Feed<T> {
  news: Set<T> | undefined = new Set();

  take(): ReadonlySet<T> | undefined {
    const { news } = this;
    if (!news || news.size > 0) this.news = new Set();
    return news;
  }
}

/** Tells several what is new. */
export class Feeds<T> {
  readonly #open: OpenFeed<T>[] = [];

  open(): Feed<T> {
    const feed = new OpenFeed<T>();
    this.#open.push(feed);
    return feed;
  }

  note(one: T): void {
    for (const { news } of this.#open) news?.add(one);
  }

  /** Nothing is as it was. */
  noteAll(): void {
    for (const feed of this.#open) feed.news = undefined;
  }
}
