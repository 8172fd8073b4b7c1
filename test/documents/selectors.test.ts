import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Inventory, InventoryNode } from '../../src/documents/model.ts';
import { checkPatterns, selectNodes } from '../../src/documents/selectors.ts';

const span = { file: 'i.yaml', line: 1, column: 1 };
const node = (name: string, role: InventoryNode['role']): InventoryNode => ({
  name,
  host: name,
  role,
  vars: {},
  ssh: {},
  become: { method: 'none' },
  span,
});
const inventory: Pick<Inventory, 'nodes' | 'groups'> = {
  nodes: [
    node('cp-1', 'control-plane'),
    node('w-1', 'worker'),
    node('cp-2', 'control-plane'),
    node('cp-3', 'control-plane'),
    node('w-2', 'worker'),
    node('w-10', 'worker'),
    node('db.example.com', 'other'),
  ],
  groups: { edge: ['w-10', 'w-1'], none: [] },
};
const single = { nodes: [node('cp-1', 'control-plane')], groups: {} };

function names(patterns: string | readonly string[], from: Pick<Inventory, 'nodes' | 'groups'> = inventory): string {
  const { nodes, problems } = selectNodes(patterns, from);
  return problems.length > 0 ? problems.map((one) => one.message).join('; ') : nodes.map((one) => one.name).join(' ');
}

describe('a node pattern', () => {
  test.each<[string | string[], string]>([
    ['all', 'cp-1 w-1 cp-2 cp-3 w-2 w-10 db.example.com'],
    ['control-plane', 'cp-1 cp-2 cp-3'],
    ['control-plane[0]', 'cp-1'],
    ['control-plane[-1]', 'cp-3'],
    ['control-plane[1:]', 'cp-2 cp-3'],
    ['control-plane[:1]', 'cp-1'],
    ['control-plane[0:2]', 'cp-1 cp-2'],
    ['control-plane[:-1]', 'cp-1 cp-2'],
    ['control-plane[:]', 'cp-1 cp-2 cp-3'],
    ['control-plane[7:]', ''],
    ['workers', 'w-1 w-2 w-10'],
    ['worker', 'w-1 w-2 w-10'],
    ['other', 'db.example.com'],
    ['edge', 'w-1 w-10'],
    ['edge[0]', 'w-1'],
    ['none', ''],
    ['w-2', 'w-2'],
    ['db.example.com', 'db.example.com'],
    ['w-*', 'w-1 w-2 w-10'],
    ['w-?', 'w-1 w-2'],
    ['*', 'cp-1 w-1 cp-2 cp-3 w-2 w-10 db.example.com'],
    ['w-2,cp-1', 'cp-1 w-2'],
    ['w-2 cp-1', 'cp-1 w-2'],
    ['workers, !w-2', 'w-1 w-10'],
    ['workers !edge', 'w-2'],
    ['!control-plane', 'w-1 w-2 w-10 db.example.com'],
    [['workers', '!w-1', 'cp-1'], 'cp-1 w-2 w-10'],
    ['all !control-plane[0]', 'w-1 cp-2 cp-3 w-2 w-10 db.example.com'],
    ['w-1 w-1', 'w-1'],
    ['db?example.com', 'db.example.com'],
    ['dbxexample.com', '`dbxexample.com` is neither a node, a group nor a role'],
    ['wrokers', '`wrokers` is neither a node, a group nor a role'],
    ['!w-7', '`w-7` is neither a node, a group nor a role'],
    ['x-*', "no node's name matches `x-*`"],
    ['control-plane[3]', 'there is no `control-plane[3]`: `control-plane` has 3 nodes'],
    ['edge !w-*', 'no node is left by these patterns'],
    ['', 'the node pattern is empty'],
    ['w-1[', '`w-1[` is not a node pattern'],
    ['w-1[]', '`[]` is neither an index ([0], [-1]) nor a slice ([1:], [:2])'],
    ['w-1[a:b]', '`[a:b]` is neither an index ([0], [-1]) nor a slice ([1:], [:2])'],
    ['constructor', '`constructor` is neither a node, a group nor a role'],
  ])('%j gives %s', (pattern, expected) => {
    expect(names(pattern)).toBe(expected);
  });

  test('a single control plane has no other ones and no workers, which is fine', () => {
    expect(names('control-plane[1:]', single)).toBe('');
    expect(names('workers', single)).toBe('');
    expect(names('control-plane[0]', single)).toBe('cp-1');
  });

  test('a misspelt word comes with what was probably meant', () => {
    expect(selectNodes('wrokers', inventory).problems[0]?.detail).toBe('did you mean `workers`?');
    expect(selectNodes('zzzzzzzz', inventory).problems[0]?.detail).toContain('the inventory knows: all,');
  });

  test('a problem knows its entry and its place in it', () => {
    expect(selectNodes(['all', 'w-1, nope w-2'], inventory).problems).toMatchObject([{ index: 1, start: 5, end: 9 }]);
    expect(checkPatterns(['all', 'w-1 [x]'])).toMatchObject([{ index: 1, start: 4, end: 7 }]);
  });

  test('whatever it is, the nodes come once each and in the order of the inventory', () => {
    const words = fc.constantFrom(
      'all',
      '!',
      'w-1',
      'edge',
      'control-plane',
      '[1:]',
      '[-1]',
      ',',
      ' ',
      '*',
      'cp-?',
      '[',
      ']',
      'x',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), (parts) => {
        const { nodes } = selectNodes(parts.join(''), inventory);
        expect(nodes).toEqual(inventory.nodes.filter((one) => nodes.includes(one)));
      }),
    );
  });
});
