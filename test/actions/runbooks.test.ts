import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { actionNamed } from './cluster.ts';

const step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const runbook = z.object({
  name: z.string(),
  inputs: z.record(z.string(), z.object({ default: z.unknown().optional() })),
  phases: z.array(z.object({ name: z.string(), nodes: z.string(), steps: z.array(step) })),
});

function read(name: string) {
  return runbook.parse(parse(readFileSync(new URL(`../../runbooks/${name}.yaml`, import.meta.url), 'utf8')));
}

/** The phases as `nodes: first step, second step, ...`. */
function outline(name: string): string[] {
  return read(name).phases.map(({ nodes, steps }) => {
    const names = steps.map(({ uses, with: values }) =>
      [uses, ...(Array.isArray(values['packages']) ? values['packages'] : [])].join(' '),
    );
    return `${nodes}: ${names.join(', ')}`;
  });
}

test.each(['upgrade-1.32', 'upgrade'])(
  '%s moves every API server before any kubelet, and drains before the kubelet package',
  (name) => {
    const kubelet = 'drain, install-packages kubelet kubectl, restart-kubelet, uncordon, wait-node-ready';
    const kubeadm = 'package-repo, install-packages kubeadm';
    expect(outline(name)).toEqual([
      'control-plane, workers: prefetch',
      'control-plane[0]: etcd-snapshot',
      `control-plane[0]: ${kubeadm}, kubeadm-upgrade-plan, kubeadm-upgrade-apply, wait-node-ready`,
      `control-plane[1:]: ${kubeadm}, kubeadm-upgrade-node, wait-node-ready`,
      `control-plane: ${kubelet}`,
      `workers: ${kubeadm}, kubeadm-upgrade-node, ${kubelet}`,
      'control-plane[0]: verify-cluster',
    ]);
  },
);

test.each(['upgrade-1.32', 'upgrade'])('%s gives every action what its schema takes', (name) => {
  const { inputs, phases } = read(name);
  const value = (text: unknown) => {
    if (String(text) === '${{ hop.version }}') return '1.33.4';
    if (String(text).includes('hop.last')) return true;
    if (text === '${{ inputs.backup }}') return './backups';
    const input = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(String(text))?.[1];
    return input === undefined ? text : (inputs[input]?.default ?? '1.33.4');
  };
  for (const { uses, with: values } of phases.flatMap((phase) => phase.steps)) {
    const resolved = Object.fromEntries(Object.entries(values).map(([key, text]) => [key, value(text)]));
    expect(() => actionNamed(uses ?? '').schema.parse(resolved)).not.toThrow();
  }
});

test('the two upgrades do the same steps: upgrade does them for each hop', () => {
  const [one, other] = [read('upgrade-1.32'), read('upgrade')];
  const outline = ({ phases }: typeof one) =>
    phases.map(({ name, nodes, steps }) => [name, nodes, steps.map(({ uses }) => uses)]);
  expect(outline(other)).toEqual(outline(one));
  expect(JSON.stringify(other.phases)).not.toContain('inputs.version');
  expect(one.inputs['version']?.default).toBe('1.32.9');
  expect(other.inputs['version']?.default).toBeUndefined();
});

test('the smoke runbook needs nothing of Kubernetes', () => {
  const { phases } = read('smoke');
  expect(phases.map((phase) => phase.nodes)).toEqual(['all', 'all']);
  expect(phases.flatMap((phase) => phase.steps).every(({ run, uses }) => run !== undefined && uses === undefined)).toBe(
    true,
  );
});
