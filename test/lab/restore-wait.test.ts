import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { machineNamed } from '../../src/lab/world.ts';
import { fakeLab } from './rig.ts';

const steps = z.object({
  phases: z.array(
    z.object({ steps: z.array(z.object({ name: z.string().optional(), with: z.unknown().optional() })) }),
  ),
});

/** What a ready runbook waits for at its end. */
function lastWait(runbook: string): string {
  const text = readFileSync(new URL(`../../runbooks/${runbook}`, import.meta.url), 'utf8');
  const last = steps.parse(parse(text)).phases.at(-1)?.steps.at(-1);
  return z.object({ command: z.string() }).parse(last?.with).command;
}

it.each(['etcd-restore.yaml', 'etcd-restore-external.yaml'])(
  'a Ready that no living kubelet stands behind does not end %s',
  async (runbook) => {
    const { run, lab, clock } = await fakeLab({ workers: 1 });
    expect((await run('cp-1', lastWait(runbook))).code).toBe(0);
    Object.assign(machineNamed(lab.world, 'worker-1')?.kubelet ?? {}, { stoppedAt: clock.now() });
    const nodes = await run('cp-1', 'kubectl get nodes --no-headers');
    expect(nodes.stdout).toMatch(/worker-1 +Ready/);
    const { code, stdout } = await run('cp-1', lastWait(runbook));
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'the kubelet of worker-1 does not renew its lease\n' });
  },
);
