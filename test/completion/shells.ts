import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { folder } from '../commands/cli.ts';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

export function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true'], { stdio: 'ignore' }).status === 0;
}

/** What each shell is started with: the script is read, and Ctrl-T prints the line as it is being edited. */
const SET_UP = {
  bash: {
    start: 'bash --norc --noprofile -i',
    lines: [
      'PS1="> "',
      'bind "set enable-bracketed-paste off" 2>/dev/null',
      `bind -x '"\\C-t": printf "LINE[%s]\\n" "$READLINE_LINE"'`,
      'source <(runbook completion bash)',
    ],
  },
  zsh: {
    start: 'zsh -f -i',
    lines: [
      'PS1="> "; unset zle_bracketed_paste; setopt no_auto_menu no_list_beep; LISTMAX=1000',
      'show() { print -r -- "LINE[$BUFFER]" }; zle -N show; bindkey "^T" show',
      'autoload -Uz compinit; compinit -D -u',
      'source <(runbook completion zsh)',
    ],
  },
} as const;

/** The environment of a person: `runbook` is on the PATH, the home folder is the test's own. */
export function environment(): { readonly cwd: string; readonly env: Record<string, string> } {
  const cwd = folder();
  const bin = join(cwd, '.bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'runbook'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  chmodSync(join(bin, 'runbook'), 0o755);
  // As it ends, bash would write its history into the folder that is deleted then.
  const own = { HOME: cwd, HISTFILE: '', TERM: 'dumb', LANG: 'C.UTF-8' };
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...own };
  return { cwd, env };
}

/** A shell in a pseudo-terminal. `complete` types words and a tab, and gives the line that the shell made of them. */
export async function openShell(
  name: keyof typeof SET_UP,
  { cwd, env }: ReturnType<typeof environment>,
): Promise<(typed: string) => Promise<string>> {
  const { start, lines } = SET_UP[name];
  const running = execa('script', ['-qefc', `stty cols 200 rows 50; exec ${start}`, '/dev/null'], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    buffer: false,
    stdin: 'pipe',
  });
  onTestFinished(async () => {
    running.kill('SIGKILL');
    await running;
  });
  let printed = '';
  const waiting = new Set<() => void>();
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
    for (const look of waiting) look();
  });
  const next = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(printed);
        if (!match) return;
        waiting.delete(look);
        printed = printed.slice(match.index + match[0].length);
        resolve(match[1] ?? '');
      };
      waiting.add(look);
      void running.then(() => reject(new Error(`${name} has ended: ${printed}`)));
      look();
    });
  running.stdin.write(`${lines.join('\n')}\necho RE''ADY\n`);
  await next(/READY\r?\n/);
  return async (typed) => {
    running.stdin.write(`${typed}\t\x14`);
    const line = await next(/LINE\[([^\r\n]*)\]\r?\n/);
    // Drops the line.
    running.stdin.write('\x01\x0b');
    return line;
  };
}
