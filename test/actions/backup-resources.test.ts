import { expect, test } from 'vitest';
import { backupResources } from '../../src/actions/backup-resources.ts';

test('older archives of this cluster are told from those of one with a similar name', () => {
  const [file] =
    backupResources.fetches?.({
      with: { dest: '/srv', secrets: false, keep: 1 },
      node: { name: 'cp-1', host: 'cp-1', role: 'control-plane' },
      nodes: [],
      facts: { nodes: {} },
      settings: { kubeconfig: '', cluster: 'prod.eu1' },
      run: 'RUN',
    }) ?? [];
  const names = file?.keep?.names;
  expect(names?.test('resources-prod.eu1-20260102-030405-backup-9f3c.tar.gz')).toBe(true);
  expect(names?.test('resources-prod-eu1-20260102-030405-backup-9f3c.tar.gz')).toBe(false);
});
