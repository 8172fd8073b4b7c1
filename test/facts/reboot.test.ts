import { expect, test } from 'vitest';
import { parseReboot } from '../../src/facts/reboot.ts';

test.each([
  ['required: linux-image-6.1.0-27-amd64 \n', true, 'asked for by linux-image-6.1.0-27-amd64'],
  ['required: \n', true, 'installed packages ask for it'],
  ['required: needs-restarting\nkernel: 5.14.0-1 5.14.0-1\n', true, 'asked for by needs-restarting'],
  ['kernel: 6.1.0-26-amd64 6.1.0-27-amd64\n', true, 'kernel 6.1.0-27-amd64 is installed, 6.1.0-26-amd64 runs'],
  ['kernel: 6.1.0-27-amd64 6.1.0-27-amd64\n', false, 'kernel 6.1.0-27-amd64 runs, the newest that is installed'],
  ['not needs-restarting\n', false, 'needs-restarting sees no need'],
  ['', undefined, 'nothing on the node asks for it'],
])('%j says %s', (output, required, reason) => {
  expect(parseReboot(output)).toEqual({ reason, ...(required === undefined ? {} : { required }) });
});
