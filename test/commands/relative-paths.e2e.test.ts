import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, labUp, runbook } from './cli.ts';

test('a resume that is started in another folder copies the file of the plan, not its namesake', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const [here, there, state] = [folder(), folder(), folder()];
  writeFileSync(join(here, 'app.conf'), 'planned');
  writeFileSync(join(there, 'app.conf'), 'another');
  const go = join(here, 'go');
  const file = join(here, 'relative.yaml');
  writeFileSync(
    file,
    `apiVersion: runbook/v1
kind: Runbook
name: relative
phases:
  - name: Copy
    nodes: workers
    steps:
      - { run: "test -e ${go}", on: local }
      - { uses: copy, with: { src: app.conf, dest: /etc/app.conf } }
      - { run: "cat /etc/app.conf" }
`,
  );
  const args = ['-i', lab.inventory, '--state-dir', state, '--yes'];
  const stopped = await runbook(['apply', file, ...args], { cwd: here });
  expect(stopped.code, stopped.all).toBe(1);
  writeFileSync(go, '');
  const resumed = await runbook(['resume', ...args], { cwd: there });
  expect(resumed.code, resumed.all).toBe(0);
  expect(resumed.all).toMatch(/│ planned/);
});
