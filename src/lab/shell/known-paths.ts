/** An entry of a folder, as just-bash lists it. */
interface Entry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

/**
 * What was seen of a file system, until something is made or removed there: which paths there are, and what is in
 * folders. Nothing is kept of what lies behind a symbolic link, or in /proc.
 */
export class KnownPaths<E extends Entry> {
  readonly #there = new Map<string, boolean>();
  readonly #folders = new Map<string, ReadonlyMap<string, E>>();
  readonly #links = new Set<string>();

  isThere(path: string): boolean | undefined {
    return this.#there.get(path);
  }

  keepIsThere(path: string, isThere: boolean): void {
    if (this.#isKept(path)) this.#there.set(path, isThere);
  }

  /** In the order in which it was listed. */
  entries(folder: string): E[] | undefined {
    const known = this.#folders.get(folder);
    return known && [...known.values()];
  }

  keepEntries(folder: string, entries: readonly E[]): void {
    if (this.#isKept(folder)) this.#folders.set(folder, new Map(entries.map((entry) => [entry.name, entry])));
  }

  /** Something was written there, or made, with the folders above it where they were missing. */
  written(path: string): void {
    if (!isClean(path)) {
      this.#forgetAll();
      return;
    }
    this.#folders.delete(path);
    let child = path;
    for (let folder = above(child); folder !== undefined; folder = above(child)) {
      if (this.#there.get(child) === false) this.#there.delete(child);
      const entry = this.#folders.get(folder)?.get(child.slice(child.lastIndexOf('/') + 1));
      // Where it was there before, so were the folders above it.
      if (entry && (child === path ? entry.isFile : entry.isDirectory)) return;
      this.#folders.delete(folder);
      child = folder;
    }
  }

  /** Besides: it came, went or is another one, with all that lies in it. */
  replaced(path: string): void {
    this.#folders.delete(above(path) ?? '/');
    for (const known of [this.#there, this.#folders])
      for (const key of known.keys()) if (isWithin(key, path)) known.delete(key);
  }

  /** Besides: it is a symbolic link. */
  linked(path: string): void {
    this.#links.add(path);
  }

  #forgetAll(): void {
    this.#there.clear();
    this.#folders.clear();
  }

  #isKept(path: string): boolean {
    if (!isClean(path) || path.startsWith('/proc/')) return false;
    for (const link of this.#links) if (isWithin(path, link)) return false;
    return true;
  }
}

/** `/a/b` -> `/a`, `/a` -> `/`; undefined: nothing is above it. */
export function above(path: string): string | undefined {
  const at = path.lastIndexOf('/');
  if (at > 0) return path.slice(0, at);
  return path === '/' ? undefined : '/';
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/');
}

/** From the root on, with nothing in it that has to be worked out. */
function isClean(path: string): boolean {
  return path === '/' || /^(\/(?!\.{0,2}(\/|$))[^/]+)+$/.test(path);
}
