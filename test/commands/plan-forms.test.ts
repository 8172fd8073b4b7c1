import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planChangesSchema } from '../../src/plan/changes-schema.ts';
import { planDigest, planSchema } from '../../src/plan/plan.ts';
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

test('--against shows what changed since a saved plan, as text, Markdown or one JSON document', async () => {
  const { plan, file, out, state } = await setUp();
  await plan('-o', out);
  const same = await plan('--against', out, '--detailed-exitcode');
  expect(same.code).toBe(6);
  expect(same.stdout).toMatch(/^Nothing changed since \S+plan\.json of \S+, made \S+$/);

  writeFileSync(file, RUNBOOK.replace('name: Greet,', 'name: Greet, retries: 2,'));
  const other = ['--set', 'words=bye', '--against', out];
  const text = await plan(...other);
  expect(text.code).toBe(0);
  expect(text.stdout).toContain('- input words: hello\n+ input words: bye\n');
  expect(text.stdout).toContain('1.1-greet on worker-1\n');
  expect(text.stdout).toContain('-     retries: 0\n+     retries: 2');
  expect((await plan(...other, '--format', 'md')).stdout).toContain('```diff\n');

  const json = await plan(...other, '--output', 'json');
  expect(planChangesSchema.parse(JSON.parse(json.stdout))).toMatchObject({ version: 1, changed: true });

  writeFileSync(join(state, 'bad.json'), '{"version": 2}');
  const damaged = await plan('--against', join(state, 'bad.json'));
  expect(damaged.code).toBe(2);
  expect(damaged.stderr).toContain('Make the plan again: runbook plan RUNBOOK -o FILE');
  writeFileSync(join(state, 'other.json'), JSON.stringify(otherCluster(await readFile(out, 'utf8'))));
  const wrong = await plan('--against', join(state, 'other.json'));
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/other\.json is a plan of cluster elsewhere, this is one of /);
});

function otherCluster(text: string) {
  const plan = planSchema.parse(JSON.parse(text));
  const other = { ...plan, inventory: { ...plan.inventory, cluster: 'elsewhere' } };
  return { ...other, digest: planDigest(other) };
}
