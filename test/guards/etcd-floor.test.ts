import { describe } from 'vitest';
import { testCases } from './cases.ts';
import { etcdFloorCases } from './etcd-floor.cases.ts';

describe('the floors of etcd', () => testCases('etcd-floor', etcdFloorCases));
