import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askScript, FETCHED, UNPACKED } from '../../src/facts/lib/ask-kubeadm.ts';
import { dnf } from '../../src/packages/dnf/dnf.ts';
import { zypper } from '../../src/packages/zypper/zypper.ts';
import { makeBase, missingFor } from './node.ts';
import { nodeAt131 } from './rpm-node.ts';
import { startRpmRepositories, type RpmRepositories } from './rpm-repository.ts';

/** All that a package manager may keep. */
const LOOK = `cd / && find var/cache var/lib var/log etc root tmp ! -name '*sqlite-shm' -printf '%p %s\\n' | sort; rpm -qa 'gpg-pubkey*'`;

describe.each([
  ['dnf', dnf],
  ['zypper', zypper],
] as const)('a kubeadm that is asked before it is installed, by real %s', (kind, manager) => {
  const missing = missingFor(kind);
  let repositories: RpmRepositories;

  beforeAll(async () => {
    if (missing !== '') return;
    makeBase(kind);
    repositories = await startRpmRepositories();
  }, 600_000);
  afterAll(async () => (missing === '' ? repositories.stop() : undefined));

  test.skipIf(missing !== '')(
    `comes into a folder that is gone afterwards, of which the manager keeps nothing${missing}`,
    async () => {
      const node = await nodeAt131(kind, repositories);
      const before = await node.sh(LOOK);
      const source = manager.planSwitch({ sources: [] }, '1.32', repositories.url);
      const revision = '1.32.9-150500.2.1';
      const question = {
        release: '1.32.9',
        fetch: manager.fetchInto(FETCHED, source, { name: 'kubeadm', revision }),
        unpack: `${manager.reading.archivesIn(FETCHED)}\n${manager.reading.unpackKubeadm(revision, UNPACKED)}`,
        calls: [{ id: 'plan', command: 'kubeadm upgrade plan', words: 'upgrade plan', limit: 20 }],
      } as const;
      const output = await node.sh(askScript(question, 'one'));
      expect(output).toMatch(/^call: plan 0$/m);
      expect(output).toContain('out: v1.32.9');
      expect(await node.sh(LOOK)).toBe(before);

      repositories.replace('v1.32/rpm/repodata/repomd.xml.key', repositories.keys.other);
      const refused = await node.sh(askScript(question, 'two'));
      repositories.restore();
      expect(refused).toMatch(/^unusable: .*is not signed by the key http/m);
      expect(await node.sh(LOOK)).toBe(before);
    },
  );
});
