import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { actions } from '../../src/actions/registry.ts';
import { actionNamed } from './cluster.ts';

const guide = readFileSync(new URL('../../docs/runbooks.md', import.meta.url), 'utf8');

test.each([...actions.keys()])('docs/runbooks.md tells of %s, its time limit and its keys', (name) => {
  const { schema, timeout, onTimeout } = actionNamed(name);
  const row = guide.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? expect.fail('it has no row');
  const limit = row.split('|')[4]?.replace(', then 30m', '').trim() ?? '';
  if (/^\d/.test(limit)) expect(limit).toBe(`${timeout / 60_000}m${onTimeout === 'leave' ? ', leave' : ''}`);
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  for (const key of Object.keys(properties)) expect(guide).toContain(`\`${key}\``);
});
