import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const NODES = ['n-1', 'n-2', 'n-3', 'n-4', 'n-5'];

test('as many local steps run at a time as `serial` says', async () => {
  const dir = folder();
  const path = (name: string) => join(dir, name);
  writeFileSync(
    path('meet.yaml'),
    `apiVersion: runbook/v1
kind: Runbook
name: meet
phases:
  - name: Meet
    nodes: all
    serial: ${NODES.length}
    steps:
      - name: Wait for all others
        run: |
          : >'${dir}/here.\${{ node.name }}'
          until set -- '${dir}'/here.*; [ $# -eq ${NODES.length} ]; do sleep 0.1; done
        on: local
        timeout: 20s
`,
  );
  writeFileSync(
    path('inventory.yaml'),
    `apiVersion: runbook/v1
kind: Inventory
cluster: nowhere
nodes: [${NODES.map((name) => `{ name: ${name}, host: ${name}.invalid }`).join(', ')}]
`,
  );
  const options = ['-i', path('inventory.yaml'), '--state-dir', path('state'), '--yes'];
  const { code, all } = await runbook(['apply', path('meet.yaml'), ...options]);
  expect(code, all).toBe(0);
});
