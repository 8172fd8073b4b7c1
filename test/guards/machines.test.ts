import { describe, expect, it } from 'vitest';
import { sizeText } from '../../src/guards/lib/machines.ts';
import { removedFlags } from '../../src/guards/lib/removed-flags.data.ts';
import { removedFeatureGates } from '../../src/guards/lib/removed-gates.data.ts';
import { testCases } from './cases.ts';
import * as machines from './machines.cases.ts';
import { criSocketCases, furtherFlagCases, proxyModeCases } from './sources.cases.ts';
import { cgroupCases, flagCases, runtimeCases } from './releases.cases.ts';

describe('room on the disks', () => testCases('disk-room', machines.diskCases));
describe('the state of the packages', () => testCases('package-state', machines.dpkgCases));
describe('package sources', () => testCases('repositories', machines.repositoryCases));
describe('the key of the package source', () => testCases('repository-key', machines.keyCases));
describe('drop-ins of the kubelet', () => testCases('old-drop-in', machines.dropInCases));
describe('swap', () => testCases('swap', machines.swapCases));
describe('clocks', () => testCases('clock-skew', machines.clockCases));
describe('the servers of kubelets', () => testCases('kubelet-server', machines.serverCases));
describe('flags, gates and plugins that are gone', () => testCases('removed-flags', flagCases));
describe('flags and gates of etcd, kubeadm and kube-proxy', () => testCases('removed-flags', furtherFlagCases));
describe('the mode of kube-proxy', () => testCases('kube-proxy-mode', proxyModeCases));
describe('the socket of the container runtime', () => testCases('cri-socket', criSocketCases));
describe('cgroups', () => testCases('cgroup-v1', cgroupCases));
describe('container runtimes', () => testCases('container-runtime', runtimeCases));

it('has each flag and each feature gate once, so that there is one minor that took it away', () => {
  for (const table of [...Object.values(removedFlags), removedFeatureGates]) {
    const names = Object.values(table).flat();
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  }
});

it('writes sizes as people do', () => {
  expect([0, 900, 1536, 150 * 1024 ** 2, 39.25 * 1024 ** 3].map(sizeText)).toEqual([
    '0 bytes',
    '900 bytes',
    '1.5 KiB',
    '150 MiB',
    '39.3 GiB',
  ]);
});
