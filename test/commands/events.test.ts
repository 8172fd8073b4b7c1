import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { eventSchema, type RunEvent } from '../../src/event.ts';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: eventful
phases:
  - { name: Never, nodes: workers, if: 'false', steps: [{ run: 'true' }] }
  - name: Work
    nodes: workers
    steps:
      - { id: say, name: Say, run: 'echo said; echo key=value >>$RUNBOOK_OUTPUT' }
      - { name: Restart, run: systemctl restart kubelet, retries: 1, retryDelay: 500ms }
      - uses: cordon
      - uses: uncordon
      - { name: Skipped, run: 'true', if: 'false' }
`;

/** Lines as the schema has them that the program itself prints, to be read with nothing else of it. */
async function schemaOfEvents() {
  const { stdout } = await runbook(['schema', 'event']);
  return z.fromJSONSchema(z.looseObject({}).parse(JSON.parse(stdout)));
}

test('every line of a run, of its failure, its resume, its plan and of a bad document matches the schema that is printed', async () => {
  const schema = await schemaOfEvents();
  const lab = await labUp({ controlPlanes: 1, workers: 2 });
  const dir = folder();
  const file = join(dir, 'eventful.yaml');
  writeFileSync(file, RUNBOOK);
  const state = ['--state-dir', join(dir, 'state'), '--output', 'json'];
  const events = async (...args: string[]): Promise<RunEvent[]> => {
    const { stdout } = await runbook(args);
    return stdout.split('\n').map((line) => {
      schema.parse(JSON.parse(line));
      return eventSchema.parse(JSON.parse(line));
    });
  };
  lab.fault('worker-1', 'systemctl restart kubelet', 'exit:1', 2);
  lab.fault('worker-2', 'systemctl restart kubelet', 'disconnect');

  const planned = await events('plan', file, '-i', lab.inventory, ...state);
  const failed = await events('apply', file, '-i', lab.inventory, ...state, '--yes');
  const resumed = await events('resume', ...state, '--yes');
  writeFileSync(file, RUNBOOK.replace('nodes: workers', 'nods: workers'));
  const refused = await events('apply', file, '-i', lab.inventory, ...state, '--yes');

  const outcomes = (all: readonly RunEvent[]) => all.flatMap((one) => (one.type === 'run-finished' ? one.outcome : []));
  expect([outcomes(failed), outcomes(resumed)]).toEqual([['failed'], ['done']]);
  expect(refused.at(-1)).toMatchObject({ type: 'message', level: 'error' });
  const seen = new Set([planned, failed, resumed, refused].flat().map(({ type }) => type));
  expect([...seen].sort()).toEqual([
    'connected',
    'connecting',
    'connection-lost',
    'diagnostic',
    'facts',
    'message',
    'phase-finished',
    'phase-skipped',
    'phase-started',
    'planned',
    'reconnected',
    'run-finished',
    'run-started',
    'step-finished',
    'step-output',
    'step-planned',
    'step-retry',
    'step-started',
  ]);
});
