import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunStore } from '../journal/store.ts';

/** As `plan.json` is written: one member a line. */
const DIGEST = /^ "digest": "([0-9a-f]{64})"/m;
const digestSchema = z.looseObject({ digest: z.string() });

/** Finds the runs of a plan in a state folder. The plan of a run never changes, so that each is read once. */
export class RunsByPlan {
  readonly #store: RunStore;
  readonly #digests = new Map<string, string>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** Ids of the runs that follow the plan with this digest, newest first. */
  async of(digest: string): Promise<readonly string[]> {
    const ids = await this.#store.ids();
    const fresh = ids.filter((id) => !this.#digests.has(id));
    await Promise.all(fresh.map((id) => this.#read(id)));
    return ids.filter((id) => this.#digests.get(id) === digest);
  }

  /** A folder without a whole plan is one that is being made: it is read again. */
  async #read(id: string): Promise<void> {
    const text = await readFile(join(this.#store.folder(id).path, 'plan.json'), 'utf8').catch(() => '');
    const digest = DIGEST.exec(text)?.[1] ?? digestIn(text);
    if (digest !== undefined) this.#digests.set(id, digest);
  }
}

function digestIn(text: string): string | undefined {
  try {
    return digestSchema.safeParse(JSON.parse(text)).data?.digest;
  } catch {
    return undefined;
  }
}
