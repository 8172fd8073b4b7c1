import type { InMemoryFs } from 'just-bash';
import { above, KnownPaths } from './known-paths.ts';

type Entry = Awaited<ReturnType<InMemoryFs['readdirWithFileTypes']>>[number];

/** When the paths of a file system changed last, counted in changes: whoever looked at some can tell whether they are as they were. */
export class Revisions {
  #count = 0;
  /** Of a path, and of what lies in it: a folder changes with each of its entries. */
  readonly #changed = new Map<string, number>();
  /** Of whole trees that were removed, moved or copied. */
  readonly #trees = new Map<string, number>();
  readonly #links = new Map<string, string>();
  readonly known = new KnownPaths<Entry>();

  get count(): number {
    return this.#count;
  }

  changed(path: string): void {
    this.#count += 1;
    this.known.written(path);
    this.#mark(path, 0);
  }

  /** With all that lies in it. */
  treeChanged(path: string): void {
    this.changed(path);
    this.known.replaced(path);
    this.#trees.set(path, this.#count);
  }

  /** A symbolic link was made: what lies at its target is seen through it. */
  linked(link: string, target: string): void {
    this.#links.set(link, target);
    this.treeChanged(link);
    this.known.linked(link);
  }

  /** Whether nothing happened to a path since so many changes. */
  isSince(path: string, count: number): boolean {
    if ((this.#changed.get(path) ?? 0) > count) return false;
    if (this.#trees.size === 0) return true;
    for (let folder: string | undefined = path; folder !== undefined; folder = above(folder))
      if ((this.#trees.get(folder) ?? 0) > count) return false;
    return true;
  }

  #mark(path: string, depth: number): void {
    for (let folder: string | undefined = path; folder !== undefined; folder = above(folder))
      this.#changed.set(folder, this.#count);
    // A circle of links ends somewhere.
    if (depth > 5) return;
    for (const [link, target] of this.#links)
      if (path === target || path.startsWith(`${target}/`)) this.#mark(link + path.slice(target.length), depth + 1);
      else if (target.startsWith(`${path}/`)) this.#trees.set(link, this.#count);
  }
}
