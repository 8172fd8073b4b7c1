import { describe, expect, test } from 'vitest';
import { createWorld, type LabOptions } from '../../src/lab/lab.ts';
import { problems } from '../../src/lab/problems.ts';
import { compareTwin, documentOf, textsOf, timeOf } from './twins.ts';

const labs: Readonly<Record<string, LabOptions>> = {
  'of its usual size': { controlPlanes: 3, workers: 2 },
  'with every problem': { controlPlanes: 3, workers: 2, problems: Object.keys(problems) },
  'with Rocky Linux': { controlPlanes: 1, workers: 1, rocky: ['*'] },
  'with openSUSE': { controlPlanes: 1, workers: 1, suse: ['*'] },
  'with an external etcd': { controlPlanes: 2, workers: 1, externalEtcd: 3 },
  'with machines that have not joined': { controlPlanes: 1, workers: 1, spareControlPlanes: 1, spareWorkers: 1 },
  'with another etcd and containerd': { controlPlanes: 1, workers: 1, etcd: '3.4.13', containerd: '1.7.27' },
  'with awkward workloads': {
    controlPlanes: 1,
    workers: 2,
    workloads: ['naked', 'emptydir', 'blocked-pdb', 'two-pdbs', 'too-big', 'finalizer', 'orphan', 'foreign-daemonset'],
  },
};

describe('what is read of the twin of a lab is what was read of the lab', () => {
  test.each(Object.entries(labs))('%s', async (_name, options) => {
    const clock = timeOf();
    const document = await documentOf(await createWorld({ ...options, clock }), clock);
    const comparison = await compareTwin(document);
    expect(textsOf(comparison)).toEqual([]);
    expect(comparison.equal).toBeGreaterThan(500);
  });
});
