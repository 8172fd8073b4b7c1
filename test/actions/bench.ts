import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with pretended tools in front of PATH, in which real /bin/sh runs a step's script. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'actions-'));

  constructor() {
    mkdirSync(this.path('bin'));
  }

  /** A tool that records its call and then runs `body` (sh, `"$@"` are its arguments, in the bench's folder). */
  tool(name: string, body = ''): void {
    const file = this.path('bin', name);
    const log = this.path('calls');
    writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>'${log}'\ncd '${this.folder}'\n${body}\n`);
    chmodSync(file, 0o755);
  }

  write(file: string, text: string): string {
    const path = this.path(file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  has(file: string): boolean {
    return existsSync(this.path(file));
  }

  run(
    script: string,
    env: Readonly<Record<string, string>> = {},
  ): { code: number | null; stderr: string; calls: string[] } {
    const result = spawnSync('/bin/sh', {
      input: script,
      encoding: 'utf8',
      env: { PATH: `${this.path('bin')}:/usr/bin:/bin`, ...env },
      cwd: '/',
    });
    return { code: result.status, stderr: result.stderr, calls: this.calls() };
  }

  /** {@link run} for a script that waits for something of the test's own process. */
  async start(
    script: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number | null; stderr: string }> {
    const child = spawn('/bin/sh', {
      env: { PATH: `${this.path('bin')}:/usr/bin:/bin`, ...env },
      cwd: '/',
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.end(script);
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
  }

  calls(): string[] {
    return this.has('calls') ? this.read('calls').trimEnd().split('\n') : [];
  }

  /** Every file of a folder below, sorted. */
  files(folder: string): string[] {
    return execFileSync('find', ['.', '-type', 'f'], { cwd: this.path(folder), encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '')
      .toSorted();
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
