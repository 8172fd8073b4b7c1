import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { folder, labUp, runbook } from '../commands/cli.ts';
import { ENV } from '../commands/on-terminal.ts';
import { Terminal } from '../render/terminal.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const README = await readFile(join(ROOT, 'README.md'), 'utf8');
const CLI_PAGE = await readFile(join(ROOT, 'docs/cli.md'), 'utf8');
const UPGRADE = 'upgrade-1.32.yaml';

/** Lines of shell that are not about this program's commands. */
const OTHER = [
  'npm ci && npm run demo',
  'npm ci',
  'runbook init --host ops@10.0.0.11',
  '$EDITOR inventory.yaml',
  'npm test',
  'npm run test:e2e',
  // They go on until Ctrl-C.
  'runbook serve --open',
  'runbook serve --port 8123',
];

/** The lines of all blocks of one language, without indentation of the list they are in, empty lines and comments of shell. */
function blocks(page: string, language: string): string[][] {
  return [...page.matchAll(new RegExp(String.raw`^( *)\`\`\`${language}\n([^]*?)\n *\`\`\`$`, 'gm'))].map(
    ([, indent = '', text = '']) => text.split('\n').map((line) => line.slice(indent.length)),
  );
}

function commands(page: string): string[] {
  return blocks(page, 'sh')
    .flat()
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Numbers and durations blotted out, and the order of names that depends on which node was quicker. */
function blotted(line: string): string {
  return line
    .trimEnd()
    .replaceAll(/\b(\d+m)?\d+(\.\d+)?m?s\b/g, 'TIME')
    .replaceAll(/\d+(\.\d+)*/g, 'N')
    .replace(/(?<=changed on: ).*/, (names) => names.split(', ').toSorted().join(', '));
}

function expectWithin(screen: readonly string[], shown: readonly string[]): void {
  expect(`\n${shown.map(blotted).join('\n')}\n`).toContain(`\n${screen.map(blotted).join('\n')}\n`);
}

test('the screens of a run are those of an upgrade in a terminal of 80x24', async () => {
  const [, during = [], end = [], ...others] = blocks(README, 'text');
  expect(others, 'the screen of the next test').toHaveLength(1);
  const lab = await labUp();
  const words = ['apply', UPGRADE, '-i', lab.inventory, '--state-dir', join(folder(), 'state'), '--yes'];
  const line = ['node', join(ROOT, 'dist/cli.js'), ...words].join(' ');
  const terminal = new Terminal(80, 24);
  const seen = new Set<string>();
  const env = { NO_COLOR: '1', TERM: 'xterm', LANG: 'C.UTF-8' };
  const running = execa('script', ['-qefc', `stty rows 24 cols 80; ${line}`, '/dev/null'], { env, reject: false });
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const part of text.split(/(?<=\n)/)) {
      terminal.write(part);
      for (const shown of terminal.screen) seen.add(blotted(shown));
    }
  });
  const { exitCode } = await running;
  expect(exitCode, terminal.all.join('\n')).toBe(0);
  // A single picture of the live part is a matter of timing, its lines are not.
  expect([...seen]).toEqual(expect.arrayContaining(during.map(blotted)));
  expectWithin(end, terminal.all);
});

test('the screen of a rehearsal is that of a lab', async () => {
  const [rehearsed = []] = blocks(README, 'text');
  const lab = await labUp();
  const words = ['rehearse', UPGRADE, '-i', lab.inventory, '--state-dir', join(folder(), 'state')];
  const { code, stdout, all } = await runbook(words, { env: { TZ: ENV.TZ } });
  expect(code, all).toBe(0);
  const even = (lines: readonly string[]) => lines.map((line) => line.replaceAll(/(?<=\S) {2,}/g, '  '));
  expectWithin(even(rehearsed), even(stdout.split('\n')));
});

test('the screen of a plan is that of a lab, with a pod that a drain would lose', async () => {
  const [, , , refusal = []] = blocks(README, 'text');
  const lab = await labUp('--workloads', 'naked');
  const planned = await runbook(['plan', UPGRADE, '-i', lab.inventory, '--state-dir', join(folder(), 'state')]);
  expect(planned.code, planned.all).toBe(3);
  expectWithin(refusal, planned.stdout.split('\n'));
});

test('every command of the README and of docs/cli.md works as it is written, one after the other', async () => {
  const lab = await labUp('--time-scale', '50');
  const cwd = folder();
  await copyFile(lab.inventory, join(cwd, 'inventory.yaml'));
  for (const name of ['id_ed25519', 'known_hosts']) await copyFile(join(lab.dir, name), join(cwd, name));
  const ran = new Set<string>();
  for (const command of new Set(
    [...commands(README), ...commands(CLI_PAGE)].map((line) => line.replace(/^npx /, '')),
  )) {
    if (OTHER.includes(command)) continue;
    const [program, ...words] = command.split(' ');
    expect(program, command).toBe('runbook');
    // Without a terminal nothing can be confirmed.
    const yes = ['apply', 'resume'].includes(words[0] ?? '') ? ['--yes'] : [];
    const run = words.includes('RUN') ? await latestRun(cwd) : '';
    const { code, all } = await runbook([...words.map((word) => (word === 'RUN' ? run : word)), ...yes], { cwd });
    expect(code, `${command}\n${all}`).toBe(0);
    if (words[0] === 'logs') expect(all).toContain('[upgrade]');
    ran.add(words[0] ?? '');
  }
  expect([...ran].toSorted()).toEqual(
    ['--help', 'apply', 'logs', 'plan', 'preflight', 'rehearse', 'report', 'resume', 'status', 'validate'].toSorted(),
  );
});

async function latestRun(cwd: string): Promise<string> {
  const { stdout } = await runbook(['runs', '--output', 'json'], { cwd });
  return z.object({ run: z.string() }).parse(JSON.parse(stdout.split('\n')[0] ?? '')).run;
}
