import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const HEAD = 'apiVersion: runbook/v1\n';
const STEPS = `${HEAD}kind: Steps
inputs:
  to: { type: string, enum: [in, out] }
steps:
  - name: Load balancer
    script: lb.sh
    args: ['\${{ inputs.to }}', "\${{ node.name }}'s pool"]
    on: local
  - name: Note
    run: echo "$WHO" >>"$DIR/noted"
    forEach: '\${{ inputs.to == "in" ? ["first", "second"] : ["only"] }}'
    on: local
    env: { WHO: '\${{ inputs.to }} \${{ each.value }}', DIR: DIRECTORY }
    if: each.value != 'second'
`;

const cwd = process.cwd();
let dir = '';

beforeEach(() => {
  dir = folder();
  process.chdir(dir);
  mkdirSync('runbooks/parts', { recursive: true });
  writeFileSync('runbooks/parts/lb.yaml', STEPS.replace('DIRECTORY', dir));
  writeFileSync('runbooks/parts/lb.sh', `printf '%s\\n' "$@" >>${dir}/told\n`);
  writeFileSync('i.yaml', `${HEAD}kind: Inventory\ncluster: c\nnodes: [{ name: n-1, host: n-1.invalid }]\n`);
  writeFileSync(
    'runbooks/mine.yaml',
    `${HEAD}kind: Runbook
name: mine
phases:
  - name: One
    nodes: all
    steps:
      - { include: parts/lb.yaml, inputs: { to: out } }
      - { include: parts/lb.yaml, inputs: { to: in } }
`,
  );
});
afterEach(() => process.chdir(cwd));

test('a runbook of several files is shown, validated and run as one, from any of its commands', async () => {
  writeFileSync('runbooks/parts.yaml', STEPS);
  const listed = await runbook(['list', '--output', 'json']);
  expect(listed.stdout).toContain('"name":"mine.yaml"');
  expect(listed.stdout).not.toContain('parts');
  const shown = await runbook(['show', 'mine']);
  expect(shown.stdout).toMatch(/Load balancer {2}from runbooks\/parts\/lb\.yaml/);

  const valid = await runbook(['validate', 'mine', 'runbooks/parts/lb.yaml', 'i.yaml']);
  expect(valid.code, valid.all).toBe(0);
  writeFileSync('runbooks/parts/lb.sh', 'echo fine\nif then\n');
  const broken = await runbook(['validate', 'mine', 'i.yaml']);
  expect(broken.code).toBe(2);
  expect(broken.all).toMatch(/runbooks\/parts\/lb\.sh:2:\d+.*sh. does not read this script/);

  writeFileSync('runbooks/parts/lb.sh', `printf '%s\\n' "$@" >>${dir}/told\n`);
  const done = await runbook(['apply', 'mine', '-i', 'i.yaml', '--yes']);
  expect(done.code, done.all).toBe(0);
  expect(readFileSync('told', 'utf8')).toBe("out\nn-1's pool\nin\nn-1's pool\n");
  expect(readFileSync('noted', 'utf8')).toBe('out only\nin first\n');
});

test('a saved plan is refused once a part of its runbook was edited, and names that', async () => {
  const planned = await runbook(['plan', 'mine', '-i', 'i.yaml', '-o', 'p.json']);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.all).toMatch(/\$ lb\.sh out 'n-1'\\''s pool' +# 1 lines?, sha256/);
  writeFileSync('runbooks/parts/lb.sh', 'echo other\n');
  const refused = await runbook(['apply', 'p.json', '--yes']);
  expect(refused.code).toBe(3);
  expect(refused.all).toContain('runbooks/parts/lb.sh, a part of runbooks/mine.yaml, was edited');
  expect(refused.all).not.toContain('the runbook runbooks/mine.yaml was edited');
});

test('what is missing is refused before anything is contacted, with the place that names it', async () => {
  writeFileSync('runbooks/parts/lb.yaml', STEPS.replace('lb.sh', 'none.sh'));
  for (const command of [
    ['validate', 'mine'],
    ['plan', 'mine', '-i', 'i.yaml'],
  ]) {
    const { code, all } = await runbook(command);
    expect(code, all).toBe(2);
    expect(all).toMatch(/runbooks\/parts\/lb\.yaml:7:13.*\n?.*cannot read the script runbooks\/parts\/none\.sh/);
    expect(all).toContain('included at runbooks/mine.yaml:8:');
  }
});
