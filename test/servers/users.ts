import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A user of this machine for one test file, with a home of its own; made and removed as root. */
export class User {
  readonly name: string;
  readonly home: string;
  readonly password = 'Right-Pass-1';
  readonly #undo: (() => void)[] = [];

  constructor(name: string, homes: string) {
    this.name = name;
    this.home = join(homes, name);
    must('useradd', '-m', '-d', this.home, '-s', '/bin/bash', name);
    must('chpasswd', { input: `${name}:${this.password}\n` });
    this.bashrc('');
  }

  /** What bash runs for each command that sshd gives it. */
  bashrc(text: string): void {
    writeFileSync(join(this.home, '.bashrc'), `${text}\n`);
  }

  /** A line of sudoers, with USER for the name. */
  sudoers(text: string): void {
    const file = `/etc/sudoers.d/${this.name}`;
    writeFileSync(file, `${text.replaceAll('USER', this.name)}\n`, { mode: 0o440 });
    this.#undo.push(() => rmSync(file, { force: true }));
  }

  /** A line of doas.conf, which may be another's too. */
  doas(text: string): void {
    const file = '/etc/doas.conf';
    const line = `${text.replaceAll('USER', this.name)}\n`;
    const isOurs = !existsSync(file);
    appendFileSync(file, line);
    if (isOurs) chmodSync(file, 0o600);
    this.#undo.push(() => {
      const rest = readFileSync(file, 'utf8').replace(line, '');
      if (rest === '') rmSync(file);
      else writeFileSync(file, rest);
    });
  }

  remove(): void {
    for (const undo of this.#undo) undo();
    must('userdel', '-f', '-r', this.name);
  }
}

/** Runs a tool of the system; those that lock /etc/passwd are tried again while another one has it. */
export function must(program: string, ...rest: (string | { input: string })[]): void {
  const args = rest.filter((word) => typeof word === 'string');
  const options = rest.find((word) => typeof word === 'object') ?? {};
  for (let tries = 50; ; tries -= 1) {
    const { status, stderr, error } = spawnSync(program, args, options);
    const said = `${String(error ?? '')}${String(stderr)}`;
    // userdel complains about a mail spool that is not there, with 12 or 0.
    if (status === 0 || (program === 'userdel' && status === 12)) return;
    if (tries === 0 || !/lock/.test(said)) throw new Error(`${program} ${args.join(' ')}: ${said}`);
    spawnSync('sleep', ['0.1']);
  }
}
