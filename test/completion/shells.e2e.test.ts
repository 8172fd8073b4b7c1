import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { everyWord } from '../../src/commands/registry.ts';
import { environment, isInstalled, openShell } from './shells.ts';

const INVENTORY = `
nodes: [{ name: cp-1, host: a }, { name: worker-1, host: b }]
groups: { edge: [worker-1] }
`;
const RUN = '20260314-202533-upgrade-1-32-9f3c';

/** A folder whose names have spaces, colons and what a shell would run. */
function place(): ReturnType<typeof environment> {
  const found = environment();
  const { cwd } = found;
  for (const name of ['my dir', 'a:b', 'x$(touch hit)', `.runbook/runs/${RUN}/logs/cp-1`])
    mkdirSync(join(cwd, name), { recursive: true });
  for (const name of ['inventory.yaml', 'my dir/in ven.yaml', 'a:b/c.yaml', 'x$(touch hit)/d.yaml'])
    writeFileSync(join(cwd, name), INVENTORY);
  writeFileSync(join(cwd, `.runbook/runs/${RUN}/logs/cp-1/6.3-drain.1.log`), '');
  return found;
}

/** Typed words, and what a tab makes of them in bash and in zsh. */
const LINES: readonly (readonly [typed: string, bash: string, zsh?: string])[] = [
  ['runbook res', 'runbook resume '],
  ['runbook zzz', 'runbook zzz'],
  ['runbook plan upgrade-1', 'runbook plan upgrade-1.32.yaml '],
  ['runbook plan upgrade-1.32.yaml --set ver', 'runbook plan upgrade-1.32.yaml --set version='],
  ['runbook plan upgrade.yaml --set=onBlocked=sk', 'runbook plan upgrade.yaml --set=onBlocked=skip-node '],
  ['runbook plan smoke.yaml --limit ed', 'runbook plan smoke.yaml --limit edge '],
  ['runbook plan smoke.yaml --limit cp-1,ed', 'runbook plan smoke.yaml --limit cp-1,edge '],
  ['runbook plan --output=js', 'runbook plan --output=json '],
  ['runbook status 2', `runbook status ${RUN} `],
  [`runbook logs ${RUN} c`, `runbook logs ${RUN} cp-1 `],
  [`runbook logs ${RUN} cp-1 6`, `runbook logs ${RUN} cp-1 6.3-drain `],
  ['runbook lab fau', 'runbook lab fault '],
  ['runbook plan -i my', String.raw`runbook plan -i my\ dir/`],
  [String.raw`runbook plan -i my\ dir/i`, String.raw`runbook plan -i my\ dir/in\ ven.yaml `],
  ['runbook plan -i "my dir/i', 'runbook plan -i "my dir/in ven.yaml" '],
  ["runbook plan -i 'my dir/i", "runbook plan -i 'my dir/in ven.yaml' "],
  ['runbook plan --inventory=my', String.raw`runbook plan --inventory=my\ dir/`],
  ['runbook plan -i a', String.raw`runbook plan -i a\:b/`, 'runbook plan -i a:b/'],
  ['runbook plan -i a:b/', 'runbook plan -i a:b/c.yaml '],
  ['runbook plan -i ~/a:b/c', 'runbook plan -i ~/a:b/c.yaml '],
  ['runbook plan -i x', String.raw`runbook plan -i x\$\(touch\ hit\)/`],
  ['./.bin/runbook unl', './.bin/runbook unlock '],
  ['~/.bin/runbook unl', '~/.bin/runbook unlock '],
];

describe.each(['bash', 'zsh'] as const)('completion in a real %s', (shell) => {
  test.skipIf(!isInstalled(shell))('completes words, and quotes names with spaces and colons', async () => {
    const there = place();
    const complete = await openShell(shell, there);
    const made: [string, string][] = [];
    for (const [typed] of LINES) made.push([typed, await complete(typed)]);
    expect(made).toEqual(LINES.map(([typed, bash, zsh = bash]) => [typed, shell === 'bash' ? bash : zsh]));
    expect(existsSync(join(there.cwd, 'hit'))).toBe(false);
  });
});

test.skipIf(!isInstalled('fish'))('completion in a real fish completes words, with their descriptions', async () => {
  const { cwd, env } = place();
  const lines = [
    ['runbook res', 'resume'],
    ['runbook zzz', ''],
    ['runbook plan upgrade-1.32.yaml --set ver', 'version='],
    ['runbook plan upgrade.yaml --set=onBlocked=sk', '--set=onBlocked=skip-node'],
    ['runbook plan smoke.yaml --limit ed', 'edge'],
    ['runbook resume ', RUN],
    [`runbook logs ${RUN} cp-1 `, '6.3-drain'],
    ['runbook lab fau', 'fault'],
    ['runbook plan -i my', 'my dir/'],
    ['runbook plan -i "my dir/i', 'my dir/in ven.yaml'],
    [String.raw`runbook plan -i my\ dir/i`, 'my dir/in ven.yaml'],
    ['runbook plan -i ~/a:b/c', '~/a:b/c.yaml'],
    ['runbook plan -i x', 'x$(touch hit)/'],
    ['~/.bin/runbook unl', 'unlock'],
  ] as const;
  const script = 'runbook completion fish | source; for line in $argv; complete -C $line; echo =; end';
  const { stdout, stderr } = await execa('fish', ['--no-config', '-c', script, ...lines.map(([typed]) => typed)], {
    cwd,
    env,
    extendEnv: false,
  });
  const answers = stdout.split(/^=\n?/m).slice(0, lines.length);
  expect(stderr).toBe('');
  expect(answers.map((answer) => answer.trim().split('\t')[0])).toEqual(lines.map(([, made]) => made));
  expect(answers[0]).toContain('continue the latest unfinished run');
  expect(existsSync(join(cwd, 'hit'))).toBe(false);
});

test('the words that the build wrote are those of the commands', async () => {
  const written = readFileSync(new URL('../../dist/words.json', import.meta.url), 'utf8');
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(await everyWord())));
});
