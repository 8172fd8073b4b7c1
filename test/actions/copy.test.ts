import { expect, onTestFinished, test } from 'vitest';
import type { ActionContext } from '../../src/actions/action.ts';
import { copy } from '../../src/actions/copy.ts';
import { Bench } from './bench.ts';

type With = Parameters<typeof copy.isDone>[0]['with'];

function context(dest: string): ActionContext<With> {
  const node = { name: 'w1', host: 'w1', role: 'worker' } as const;
  const options = copy.schema.parse({ src: 'vip.yaml', dest, mode: '0600' });
  return { with: options, node, nodes: [node], facts: { nodes: {} }, settings: { kubeconfig: '' }, run: 'RUN' };
}

test('on its way the file has a hidden name: a kubelet takes every other in its folder for a manifest', () => {
  const [sent] = copy.sends?.(context('/etc/kubernetes/manifests/vip.yaml')) ?? [];
  expect(sent?.remote).toBe('/etc/kubernetes/manifests/.vip.yaml.runbook-RUN');
});

test('a folder is not taken for the file, and nothing is left of what was sent', () => {
  const bench = new Bench();
  onTestFinished(() => bench.remove());
  bench.write('etc/odd name/old', '');
  const step = context(bench.path('etc', 'odd name'));
  const [sent] = copy.sends?.(step) ?? [];
  bench.write((sent?.remote ?? '').slice(bench.folder.length + 1), 'secret');
  const { code, stderr } = bench.run(copy.script?.(step).text ?? '');
  expect(code).toBe(1);
  expect(stderr).toContain('odd name is a folder: dest names the file itself');
  expect(bench.files('etc')).toEqual(['./odd name/old']);

  const good = context(bench.path('etc', 'new'));
  bench.write('etc/.new.runbook-RUN', 'secret');
  expect(bench.run(copy.script?.(good).text ?? '').code).toBe(0);
  expect(bench.files('etc')).toEqual(['./new', './odd name/old']);
});
