import { expect, test } from 'vitest';
import { contextFor, actionNamed, isDone, scriptOf, type Setting } from './cluster.ts';

/** A node with these pending updates, by a package manager. */
function pending(names: readonly string[], manager = 'apt', held: readonly string[] = []): Setting {
  return {
    machine: (facts) => ({
      ...facts,
      packages: {
        installed: { kubelet: { revision: '1.31.9-1.1', status: 'ii' } },
        held: ['kubelet', ...held],
        manager,
      },
      osUpdates: { pending: names },
    }),
    before: { held: ['kubelet'], unschedulable: false },
  };
}
const both = ['containerd.io', 'openssl'];

test('the container runtime stays as it is unless the step says otherwise', () => {
  const apt = scriptOf('os-upgrade', {}, pending(both)).text;
  expect(apt).toContain('apt-mark hold containerd.io || exit');
  expect(apt).toContain('apt-mark unhold containerd.io || rc=$?');
  expect(scriptOf('os-upgrade', { runtime: 'update' }, pending(both)).text).not.toContain('containerd');
  expect(scriptOf('os-upgrade', {}, pending(both, 'dnf')).commands[0]).toMatch(/--exclude=\S*,containerd\.io$/);
  expect(scriptOf('os-upgrade', {}, pending(['runc'], 'zypper')).text).toContain('addlock runc');
});

test('what is pending of the runtime alone is nothing to do, and is said', () => {
  expect(isDone('os-upgrade', {}, pending(['containerd', 'runc']))).toEqual({
    done: true,
    reason: 'no update is pending but of containerd, runc, which stay',
  });
  expect(isDone('os-upgrade', { runtime: 'update' }, pending(['containerd'])).done).toBe(false);
  expect(isDone('os-upgrade', {}, pending(both)).reason).toBe('updates are pending: openssl');
  const projected = actionNamed('os-upgrade').project(contextFor('os-upgrade', {}, pending(both)));
  expect(projected.nodes['w-1']?.osUpdates).toEqual({ pending: ['containerd.io'] });
});

test('a hold that an interrupted attempt left on the runtime is taken away', () => {
  expect(scriptOf('os-upgrade', {}, pending(['openssl'], 'apt', ['containerd'])).text).toContain(
    'apt-mark unhold containerd || rc=$?',
  );
});
