import { stat } from 'node:fs/promises';
import { isMap } from '../documents/shapes.ts';
import type { Inventory } from '../documents/model.ts';
import { localPath } from '../documents/target.ts';
import { withholdVariables } from '../transport/secrets.ts';
import type { SecretSource } from '../transport/transport.ts';
import type { Console } from './console.ts';

/** Files that a warning was shown of. */
const warned = new Set<string>();

/**
 * What has to happen before anything is started: no child of this process inherits a variable that holds a secret. A
 * file that others can read is a warning, shown once.
 */
export async function guardSources(console: Console, sources: readonly SecretSource[]): Promise<void> {
  withholdVariables(sources);
  const files = sources.flatMap((source) => /^file:(.+)$/s.exec(source)?.[1] ?? []);
  for (const file of new Set(files)) {
    const path = localPath(file);
    // What cannot be read is reported when it is needed.
    const mode = await stat(path).then(
      (found) => found.mode,
      () => 0,
    );
    if ((mode & 0o077) === 0 || warned.has(path)) continue;
    warned.add(path);
    const who = (mode & 0o007) === 0 ? 'its group' : 'others';
    console.warn(`the secret in ${path} is open to ${who} (mode ${(mode & 0o777).toString(8)})`, [`chmod 600 ${path}`]);
  }
}

/** The sources that an inventory names (`passwordFrom`, `passphraseFrom` ...), with paths as it means them. */
export function sourcesOf({ folder, ...inventory }: Inventory): SecretSource[] {
  const found = new Set<SecretSource>();
  const look = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      if (key.endsWith('From'))
        found.add(value.replace(/^file:(.+)$/s, (_, file) => `file:${localPath(file, folder)}`));
    } else if (Array.isArray(value)) for (const item of value) look(item, key);
    else if (isMap(value)) for (const [name, item] of Object.entries(value)) if (name !== 'vars') look(item, name);
  };
  look(inventory, '');
  return [...found];
}
