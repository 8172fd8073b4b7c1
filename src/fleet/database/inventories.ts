import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readInventory } from '../../documents/read.ts';
import { Failure } from '../../failure.ts';

/** Folders below the given one that are looked into. */
const DEPTH = 3;

/** The inventories of a worker's own machine: a folder of them, found by the name of the cluster that they are of. */
export class Inventories {
  readonly #folder: string;
  /** By file: the cluster, and of which state of the file. */
  readonly #known = new Map<string, { readonly mtime: number; readonly cluster: string | undefined }>();

  /** @param folder absolute */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The inventory of a cluster.
   * @throws Failure (usage) where there is none, or more than one
   */
  async find(cluster: string): Promise<string> {
    const files = await filesBelow(this.#folder, DEPTH);
    const found: string[] = [];
    for (const file of files) if ((await this.#clusterOf(file)) === cluster) found.push(file);
    const [file, other] = found;
    if (file !== undefined && other === undefined) return file;
    const why = file === undefined ? `no inventory of cluster ${cluster}` : `several inventories of cluster ${cluster}`;
    throw new Failure('usage', `this worker has ${why} in ${this.#folder}`, found);
  }

  /** Undefined of a file that is no inventory, or has errors. */
  async #clusterOf(file: string): Promise<string | undefined> {
    const { mtimeMs: mtime } = await stat(file);
    const known = this.#known.get(file);
    if (known?.mtime === mtime) return known.cluster;
    const cluster = (await readInventory(file)).value?.cluster;
    this.#known.set(file, { mtime, cluster });
    return cluster;
  }
}

/** @throws Failure (usage) where the folder cannot be read */
export async function requireFolder(folder: string): Promise<void> {
  const entry = await stat(folder).catch(() => undefined);
  if (!entry?.isDirectory()) throw new Failure('usage', `${folder} is no folder of inventories`);
}

async function filesBelow(folder: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      const isFolder = entry.isDirectory() && depth > 0 && !entry.name.startsWith('.') && entry.name !== 'node_modules';
      if (isFolder) return filesBelow(path, depth - 1);
      return entry.isFile() && /\.ya?ml$/.test(entry.name) ? [path] : [];
    }),
  );
  return found.flat().toSorted();
}
