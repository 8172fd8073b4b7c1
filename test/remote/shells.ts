import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

export function found(name: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** A PATH in which `sh` is that interpreter; busybox brings all tools of its own, and no others are there. */
export function pathWith(interpreter: string, folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  if (interpreter.endsWith('/busybox')) {
    execFileSync(interpreter, ['--install', '-s', bin]);
    return bin;
  }
  symlinkSync(interpreter, join(bin, 'sh'));
  return `${bin}:${process.env['PATH'] ?? ''}`;
}
