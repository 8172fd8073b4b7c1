import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

const RUNBOOK = `# Back      \`rm /etc/motd\`
apiVersion: runbook/v1
kind: Runbook
name: greet
inputs: { words: { type: string, default: hello } }
phases:
  - name: Workers
    nodes: workers
    steps:
      - { name: Greet, run: 'echo "\${{ inputs.words }}" >/etc/motd' }
`;

async function setUp() {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const [state, dir] = [folder(), folder()];
  const file = join(dir, 'greet.yaml');
  writeFileSync(file, RUNBOOK);
  const plan = (...words: string[]) => runbook(['plan', file, '-i', lab.inventory, '--state-dir', state, ...words]);
  return { lab, state, file, plan, out: join(dir, 'plan.json') };
}

test('--format md is a change request whose command runs that plan and no other, saved or not', async () => {
  const { state, plan, out } = await setUp();
  const asked = ['--set', 'words=good night', '--format', 'md'];
  const fresh = await plan(...asked);
  expect(fresh.code).toBe(0);
  expect(fresh.stdout).toMatch(/^# Change: greet on /);
  expect(fresh.stdout).toContain('The runbook: \\`rm /etc/motd\\`\n');
  const digest = /Plan digest\s+\| ([0-9a-f]{64}) \|/.exec(fresh.stdout)?.[1] ?? 'none';
  const [, command = ''] = /\nrunbook (apply .*)\n/.exec(fresh.stdout) ?? [];
  expect(command).toContain(`--set 'words=good night' --plan-digest ${digest}`);

  expect((await plan(...asked, '-o', out)).stdout).toContain(`\nrunbook apply ${out} --plan-digest ${digest}\n`);
  const saved = await runbook(['plan', out, '--state-dir', state, '--format', 'md']);
  expect(saved.stdout).toContain(`\nrunbook apply ${out} --plan-digest ${digest}\n`);

  const words = command.match(/'[^']*'|\S+/g) ?? [];
  const given = words.map((word) => word.replaceAll("'", ''));
  expect((await runbook([...given, '--state-dir', state, '--yes'])).code).toBe(0);
});

test.each([
  ['--output', 'json'],
  ['--node', 'worker-1'],
])('--format md is refused with %s, which is another form, before anything is read', async (...other) => {
  const { code, all } = await runbook(['plan', 'missing.yaml', '--format', 'md', ...other]);
  expect(code).toBe(2);
  expect(all).toContain('two forms of a plan');
});
