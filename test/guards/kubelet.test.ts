import { describe } from 'vitest';
import { testCases } from './cases.ts';
import { cgroupToComeCases, flagToComeCases, kubeletConfigCases, swapToComeCases } from './kubelet.cases.ts';

describe('swap, on the configuration that is to come', () => testCases('swap', swapToComeCases));
describe('cgroup-v1, on the configuration that is to come', () => testCases('cgroup-v1', cgroupToComeCases));
describe('removed-flags, after what kubeadm cleans', () => testCases('removed-flags', flagToComeCases));
describe('kubelet-config', () => testCases('kubelet-config', kubeletConfigCases));
