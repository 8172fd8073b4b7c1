import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { checkStep } from '../../src/guards/registry.ts';

const node = { name: 'a', host: 'a', role: 'other' } as const;

/** What is said of setting a unit with this file to `enabled`. */
function said(file: string, enabled: boolean): string[] {
  const action = actions.get('service');
  if (!action) throw new Error('no action');
  const web = { load: 'loaded', active: 'inactive', sub: 'dead', file, reloads: false, ends: false };
  const facts = { nodes: { a: { units: { web } } } };
  const step = { id: '1.1-service', node, action, with: action.schema.parse({ name: 'web', enabled }) };
  return checkStep({ nodes: [node], before: facts, after: facts, step }, ['units']).map(({ summary }) => summary);
}

test('a unit that cannot be enabled is refused, with what its unit file is', () => {
  expect(said('disabled', true)).toEqual([]);
  expect(said('linked', true)).toEqual([]);
  expect(said('static', true)).toEqual(['web on a can be neither enabled nor disabled: its unit file is static']);
  expect(said('indirect', true)).toEqual(['web on a cannot be enabled itself']);
  expect(said('indirect', false)).toEqual([]);
});
