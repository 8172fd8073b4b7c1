import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, labUp, runbook } from './cli.ts';

const head = `apiVersion: runbook/v1
kind: Runbook
name: files
inputs:
  extra: { type: string, default: '' }
phases:
  - name: Copy
    nodes: workers
    steps:
`;

test('a source is found beside its runbook; one that is missing is refused by validate and plan, with its line', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const [dir, elsewhere] = [folder(), folder()];
  mkdirSync(join(dir, 'files'));
  writeFileSync(join(dir, 'files', 'app.conf'), 'planned');
  writeFileSync(join(elsewhere, 'typed.conf'), 'typed');
  const file = join(dir, 'files.yaml');
  const steps = `      - { uses: copy, with: { src: files/app.conf, dest: /etc/app.conf } }
      - { uses: copy, if: "inputs.extra != ''", with: { src: "\${{ inputs.extra }}", dest: /etc/typed.conf } }
`;
  writeFileSync(file, head + steps);
  const inventory = ['-i', lab.inventory, '--state-dir', folder()];
  const there = { cwd: elsewhere };
  expect((await runbook(['plan', file, ...inventory, '--set', 'extra=typed.conf'], there)).code).toBe(0);

  writeFileSync(file, head + steps.replace('app.conf,', 'gone.conf,'));
  for (const words of [
    ['validate', file],
    ['validate', file, lab.inventory],
    ['plan', file, ...inventory],
  ]) {
    const { code, all } = await runbook(words, there);
    expect(code, all).toBe(2);
    expect(all).toMatch(
      /files\.yaml:10:\d+: error: `copy` needs .*files\/gone\.conf of this machine: there is no such file/,
    );
    expect(all).not.toContain('connecting');
  }
  expect((await runbook(['plan', file, ...inventory, '--set', 'extra=none.conf'], there)).all).toContain('none.conf');
});

test('one that disappears while the run goes on fails its step by name, and the node is named', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const dir = folder();
  const file = join(dir, 'files.yaml');
  writeFileSync(join(dir, 'app.conf'), 'planned');
  writeFileSync(
    file,
    `${head}      - { run: "rm -f ${dir}/app.conf", on: local }
      - { uses: copy, with: { src: app.conf, dest: /etc/app.conf } }
`,
  );
  const { code, all } = await runbook(['apply', file, '-i', lab.inventory, '--state-dir', join(dir, 'state'), '--yes']);
  expect(code, all).toBe(1);
  expect(all).toMatch(/worker-1 1\.2-copy.*failed.*cannot read/);
  expect(all).toContain('app.conf');
  expect(all).toMatch(/not done on: worker-1/);
  expect(all).not.toContain('bug');
});
