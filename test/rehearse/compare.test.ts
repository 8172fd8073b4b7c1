import { expect, test } from 'vitest';
import type { Facts } from '../../src/facts/facts.ts';
import { compareFacts, differenceText } from '../../src/rehearse/compare.ts';

const packages = (kubelet: string) => ({
  installed: { kubelet: { revision: kubelet, status: 'hi' } },
  held: ['kubelet', 'kubeadm'],
});
const reboot = { required: false, reason: 'nothing asks for it' };

test('what differs is named with its node, its fact and both values, and what decides is apart', () => {
  const source: Facts = { nodes: { a: { packages: packages('1.31.9-1.1'), reboot } } };
  const twin: Facts = { nodes: { a: { packages: packages('1.31.4-1.1'), reboot: { reason: 'unknown' } } } };
  const { deciding, differs, equal } = compareFacts(source, twin);
  expect(differs.map(differenceText)).toEqual([
    'a packages.installed[kubelet].revision: 1.31.9-1.1, on the twin 1.31.4-1.1',
    'a reboot.required: false, on the twin nothing',
    'a reboot.reason: nothing asks for it, on the twin unknown',
  ]);
  expect(deciding.map(differenceText)).toEqual(['a packages.kubelet.revision: 1.31.9-1.1, on the twin 1.31.4-1.1']);
  expect(equal).toBe(2);
});

test('an order that says nothing and a moment are no difference', () => {
  const files = [
    { path: '/a', notAfter: 1 },
    { path: '/b', notAfter: 2 },
  ];
  const source: Facts = { nodes: { a: { certificates: { now: 5, files, keys: ['x', 'y'] } } } };
  const twin: Facts = { nodes: { a: { certificates: { now: 9, files: files.toReversed(), keys: ['y', 'x'] } } } };
  expect(compareFacts(source, twin)).toEqual({ equal: 5, differs: [], deciding: [] });
});

test('a node or a fact that the twin does not have differs', () => {
  const source: Facts = { nodes: { a: { proxyVariables: [{ name: 'https_proxy', value: 'http://proxy' }] } } };
  expect(compareFacts(source, { nodes: {} }).differs.map(differenceText)).toEqual([
    'a proxyVariables[https_proxy].name: https_proxy, on the twin nothing',
    'a proxyVariables[https_proxy].value: http://proxy, on the twin nothing',
  ]);
});

test('clocks agree where their ranges have a moment in common', () => {
  const at = (least: number, most: number): Facts => ({ nodes: { a: { clock: { least, most } } } });
  expect(compareFacts(at(-0.1, 2), at(1.5, 9)).differs).toEqual([]);
  expect(compareFacts(at(59, 60), at(-0.1, 0.1)).differs.map(differenceText)).toEqual([
    'a clock.least: 59, on the twin -0.1',
    'a clock.most: 60, on the twin 0.1',
  ]);
});
