import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createStyle, type Line, wrapLine } from '../../src/render/style.ts';
import { widthOf } from '../../src/render/width.ts';
import { wrapCommand } from '../../src/render/wrap-command.ts';
import { quote } from '../../src/transport/quote.ts';

const PATH = 'clusters/production-eu-central-1/maintenance/state-of-all-runs/2026-winter-and-spring-of-the-next-year';

function textsOf(lines: readonly Line[]): string[] {
  return createStyle({ color: false, unicode: true }).text(lines).trimEnd().split('\n');
}

test.each([20, 40, 79])('a command that is broken into lines of %i is the same command for a shell', (width) => {
  const words = ['resume', '20261130-113212-upgrade-1-32-dff2', '--state-dir', PATH, '--set', "a='it is so'", '-v'];
  const line = `      printf ${quote('%s|')} ${words.map(quote).join(' ')}`;
  const lines = wrapCommand(line, width);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.filter((one) => !one.includes("'")).every((one) => widthOf(one) <= width)).toBe(true);
  expect(execFileSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' })).toBe(`${words.join('|')}|`);
});

test('what fits stays as it is', () => {
  expect(wrapCommand('  runbook resume', 80)).toEqual(['  runbook resume']);
});

test('a path that is wider than a terminal is broken behind its slashes; elsewhere it stays whole', () => {
  const line = ['    whole output: ', `${PATH}/logs/worker-1/6.3-kubeadm-upgrade-node.1.log`];
  expect(textsOf(wrapLine(line, 60, true))).toEqual([
    '    whole output:',
    '      clusters/production-eu-central-1/maintenance/',
    '      state-of-all-runs/',
    '      2026-winter-and-spring-of-the-next-year/logs/worker-1/',
    '      6.3-kubeadm-upgrade-node.1.log',
  ]);
  expect(textsOf(wrapLine(line, 60))).toEqual(['    whole output:', `      ${line[1] ?? ''}`]);
});

test('a word without a slash is broken where the terminal would break it', () => {
  expect(textsOf(wrapLine(['x'.repeat(25)], 10, true))).toEqual([
    'x'.repeat(10),
    `  ${'x'.repeat(8)}`,
    `  ${'x'.repeat(7)}`,
  ]);
});
