import { describe } from 'vitest';
import { testCases } from './cases.ts';
import { etcdFloorCases } from './etcd-floor.cases.ts';

describe('the floor of etcd before 3.6', () => testCases('etcd-floor', etcdFloorCases));
