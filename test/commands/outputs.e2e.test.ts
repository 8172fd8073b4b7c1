import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { statusSchema } from '../../src/render/status-data.ts';
import { folder, runbook, startRunbook } from './cli.ts';
import { openLab } from './open-lab.ts';
import { eventually } from '../eventually.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: outputs
phases:
  - name: Ask
    nodes: all
    steps:
      - id: ask
        name: Ask
        run: |
          echo "line=it's \\$(touch /run/hacked) of $(hostname)" >>"$RUNBOOK_OUTPUT"
          printf 'many<<END\\none\\ntwo\\nEND\\n' >>"$RUNBOOK_OUTPUT"
          echo ran >>/run/asked; while ! test -e /run/go; do sleep 0.2; done
  - name: Read
    nodes: worker-1
    steps:
      - uses: copy
        with: { src: app.conf, dest: /etc/app.conf, template: true }
      - name: Read
        if: has(steps.ask.outputs.line)
        run: printf '%s|' "\${{ steps.ask.outputs.line }}" "$MANY" \${{ steps.ask.outcome }} "$OTHER" >/run/read
        env:
          MANY: '\${{ steps.ask.outputs.many }}'
          OTHER: "\${{ nodes['cp-1'].steps.ask.outputs.line }}"
      - { name: Break, id: break, run: exit 7 }
      - { name: Last, run: touch /run/last, if: steps.break.outcome == 'skipped' }
`;

test('outputs outlive kill -9 and the state folder; a failed step that is skipped lets its node continue', async () => {
  const { lab, inventory } = await openLab({ controlPlanes: 1, workers: 1 });
  const [cp, worker] = lab.world.machines;
  if (!cp || !worker) throw new Error('no machines');
  const dir = folder();
  const book = join(dir, 'outputs.yaml');
  writeFileSync(book, RUNBOOK);
  writeFileSync(join(dir, 'app.conf'), 'name = ${{ node.name }}, $HOME\n');
  const [lost, found] = [join(dir, 'lost'), join(dir, 'found')];
  await cp.fs.writeFile('/run/go', '');

  const apply = startRunbook(['apply', book, '-i', inventory, '--yes', '--state-dir', lost]);
  await eventually(async () => expect(await worker.fs.exists('/run/asked')).toBe(true));
  apply.kill('SIGKILL');
  await apply;
  await worker.fs.writeFile('/run/go', '');

  const [run = ''] = readdirSync(join(lost, 'runs'));
  const { digest } = JSON.parse(readFileSync(join(lost, 'runs', run, 'plan.json'), 'utf8'));
  const known = ['-i', inventory, '--yes', '--state-dir', found, '--plan-digest', digest];
  const failed = await runbook(['resume', ...known], { cwd: dir });
  expect([failed.code, failed.all]).toEqual([1, expect.stringContaining('exited with 7')]);
  const read = (path: string) => worker.fs.readFile(path);
  const line = (name: string) => `it's $(touch /run/hacked) of ${name}`;
  expect(await read('/run/read')).toBe(`${line('worker-1')}|one\ntwo|changed|${line('cp-1')}|`);
  expect(await read('/run/asked')).toBe('ran\n');
  expect(await worker.fs.exists('/run/hacked')).toBe(false);
  expect(await read('/etc/app.conf')).toBe('name = worker-1, $HOME\n');

  const needless = await runbook(['resume', ...known, '--treat', 'worker-1/2.2-read=again'], { cwd: dir });
  expect([needless.code, needless.all]).toEqual([2, expect.stringContaining('it has ended as changed')]);
  const done = await runbook(['resume', ...known, '--treat', 'worker-1/2.3-break=skip:not here'], { cwd: dir });
  expect([done.code, done.all]).toEqual([
    0,
    expect.stringMatching(/2\.3-break: was failed .*; now skipped, .* skipped it: not here/),
  ]);
  expect(await worker.fs.exists('/run/last')).toBe(true);
  const status = await runbook(['status', '--output', 'json', '--state-dir', found]);
  statusSchema.parse(JSON.parse(status.stdout));
  expect(status.stdout).toContain(JSON.stringify({ outputs: { line: line('cp-1'), many: 'one\ntwo' } }).slice(1, -1));
});
