import { expect, test } from 'vitest';
import { parseHop } from '../../src/transport/jump.ts';

test('a hop is read as ssh reads it', () => {
  expect(parseHop('bastion', 'ops')).toEqual({ user: 'ops', host: 'bastion', port: 22 });
  expect(parseHop('me@bastion:2222', 'ops')).toEqual({ user: 'me', host: 'bastion', port: 2222 });
  expect(parseHop('[2001:db8::1]:2222', 'ops')).toEqual({ user: 'ops', host: '2001:db8::1', port: 2222 });
  expect(parseHop('2001:db8::1', 'ops')).toEqual({ user: 'ops', host: '2001:db8::1', port: 22 });
});
