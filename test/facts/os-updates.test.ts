import { expect, test } from 'vitest';
import { parseOsUpdates } from '../../src/facts/os-updates.ts';

test('updates are named once each, without those of Kubernetes', () => {
  expect(parseOsUpdates('pending: openssl\npending: kubelet\npending: libssl3\npending: openssl\n')).toEqual({
    pending: ['libssl3', 'openssl'],
  });
});

test('a source that could not be asked is told', () => {
  expect(parseOsUpdates('failed: Failed to fetch http://x  Could not connect\npending: openssl\n')).toEqual({
    pending: ['openssl'],
    error: 'Failed to fetch http://x  Could not connect',
  });
});
