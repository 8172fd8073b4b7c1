import { expect, onTestFinished, test } from 'vitest';
import { osUpdates } from '../../src/facts/os-updates.ts';
import { Bench } from '../actions/bench.ts';
import { parsed } from './fixture.ts';

/** What is read where a pretended tool answers; `hidden` is not there. */
function read(tool: string, body: string, hidden = '') {
  const bench = new Bench();
  onTestFinished(() => bench.remove());
  bench.tool(tool, body);
  const without = hidden === '' ? '' : `command() { [ "$2" != ${hidden} ]; }\n`;
  return parsed(osUpdates, bench.run(`exec >&2\n${without}${osUpdates.script({ minors: [], kubeconfig: '' })}`).stderr);
}

test('an update that was cut off before it was configured is pending', () => {
  const half = `case "$*" in *upgrade) echo 'Inst openssl [1] (2)'; echo 'Conf openssl (2)'; echo 'Conf linux-image-amd64 (2)' ;; esac`;
  expect(read('apt-get', half)).toEqual({ pending: ['linux-image-amd64', 'openssl'] });
});

test('an apt that cannot tell what it would upgrade has not said that nothing is pending', () => {
  const broken = `case "$*" in *upgrade) echo 'E: Unmet dependencies.' >&2; exit 100 ;; esac`;
  expect(read('apt-get', broken)).toEqual({ pending: [], error: 'apt-get upgrade: Unmet dependencies.' });
});

test('a long name that dnf leaves alone on its line is an update like any other', () => {
  const wrapped = `printf '%s\\n' '' 'NetworkManager-initscripts-updown.noarch' '            1:1.48.10-2.el9_5   baseos' 'openssl.x86_64  3  baseos'; exit 100`;
  expect(read('dnf', wrapped, 'dpkg-query')).toEqual({ pending: ['NetworkManager-initscripts-updown', 'openssl'] });
});
