import { hash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/**
 * Keeps what Node compiles for the next start: by its own means where it has them (22.1 and later). What cannot be kept
 * (no room, nothing writable) is compiled again; no problem is reported then.
 */
export function keepCompiled(): void {
  // As Node's own means have it.
  if ((process.env['NODE_DISABLE_COMPILE_CACHE'] ?? '') !== '') return;
  const folder = privateFolder(tmpdir());
  if (folder === undefined) return;
  if ('enableCompileCache' in module && typeof module.enableCompileCache === 'function')
    module.enableCompileCache(folder);
  else keepScripts(folder);
}

type Compile = (this: NodeJS.Module, text: string, file: string) => void;

/** For Node 20, in the way of the package v8-compile-cache. */
function keepScripts(folder: string): void {
  const compile: unknown = Reflect.get(module.prototype, '_compile');
  if (!isCompile(compile)) return;
  const fresh: (() => void)[] = [];
  process.once('exit', () => fresh.forEach((save) => save()));
  const kept: Compile = function (text, file) {
    // V8 gives a kept script no import().
    if (text.includes('import(')) return compile.call(this, text, file);
    const { script, save } = compiled(folder, text, file);
    if (save) fresh.push(save);
    const run: unknown = script.runInThisContext();
    if (typeof run === 'function') run.call(this.exports, this.exports, createRequire(file), this, file, dirname(file));
  };
  Reflect.set(module.prototype, '_compile', kept);
}

function isCompile(value: unknown): value is Compile {
  return typeof value === 'function';
}

/**
 * The function that a CommonJS module is, compiled or as it was kept; `save` keeps it, with the functions that were
 * compiled until then. Its text is in the name of what is kept; V8 refuses what other versions or flags compiled.
 */
export function compiled(folder: string, text: string, file: string): { script: Script; save?: () => void } {
  const wrapped = module.wrap(text);
  const kept = join(folder, `${basename(file)}-${hash('sha256', wrapped)}`);
  const cachedData = readOrNothing(kept);
  const script = new Script(wrapped, {
    filename: file,
    columnOffset: -wrapped.indexOf(text),
    ...(cachedData && { cachedData }),
  });
  if (cachedData && script.cachedDataRejected !== true) return { script };
  return { script, save: () => write(kept, script.createCachedData()) };
}

function readOrNothing(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Another process sees all of it or nothing. */
function write(file: string, data: Buffer): void {
  try {
    const part = `${file}.${process.pid}`;
    writeFileSync(part, data, { mode: 0o600 });
    renameSync(part, file);
  } catch {
    // It is compiled again the next time.
  }
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
