import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { Terminal } from '../render/terminal.ts';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;
export const ENV = { NO_COLOR: '1', TERM: 'xterm', LANG: 'C.UTF-8', TZ: zoneOfNoon() };

/** Where it is about noon: no run goes on past midnight, and no screen shows two days. */
function zoneOfNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  return `Etc/GMT${ahead < 0 ? '+' : '-'}${Math.abs(ahead)}`;
}

/** For a shell. */
export function lineOf(args: readonly string[]): string {
  return [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
}

/** The program on a pseudo-terminal, whose screen is what a terminal makes of its output. */
export function onTerminal(args: readonly string[], [columns, rows]: readonly [number, number], cwd: string, env = {}) {
  const terminal = new Terminal(columns, rows);
  const line = `stty rows ${rows} cols ${columns}; ${lineOf(args)}`;
  const running = execa('script', ['-qefc', line, '/dev/null'], { env: { ...ENV, ...env }, cwd, reject: false });
  onTestFinished(() => void running.kill('SIGKILL'));
  let problem: unknown;
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    try {
      terminal.write(text);
    } catch (error) {
      problem ??= error;
    }
  });
  return { terminal, running, problem: () => problem };
}
