import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps what Node compiles for the next start, where it can (22.1 and later). What cannot be kept (no room, nothing
 * writable) is compiled again; Node reports no problem then.
 */
export function keepCompiled(): void {
  if (!('enableCompileCache' in module) || typeof module.enableCompileCache !== 'function') return;
  const folder = privateFolder(tmpdir());
  if (folder !== undefined) module.enableCompileCache(folder);
}

/**
 * In a temporary folder, which leaves nothing at home and is emptied by the system. What is in there is run: it must be
 * this user's alone, also where others got there first.
 */
export function privateFolder(temporary: string): string | undefined {
  const user = process.getuid?.();
  const folder = join(temporary, `runbook-compiled-${user}`);
  try {
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    const { mode, uid } = lstatSync(folder);
    return uid === user && (mode & 0o170077) === 0o040000 ? folder : undefined;
  } catch {
    return undefined;
  }
}
