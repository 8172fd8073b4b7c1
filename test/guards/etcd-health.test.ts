import { describe } from 'vitest';
import { testCases } from './cases.ts';
import { etcdCases } from './etcd-health.cases.ts';

describe('the health of etcd', () => testCases('etcd-health', etcdCases));
