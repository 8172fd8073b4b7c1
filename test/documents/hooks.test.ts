import { expect, test } from 'vitest';
import { resolveInputs } from '../../src/documents/inputs.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { placeOf, planHooks, secretsOfHook } from '../../src/plan/hooks.ts';
import { fakeActions } from './fakes.ts';

const HEAD = `apiVersion: runbook/v1
kind: Runbook
name: r
inputs:
  team: { type: string, default: sre }
  hook: { type: secret, default: 'env:HOOK' }
  token: { type: secret, default: 'env:TOKEN' }
phases:
  - { name: one, nodes: all, steps: [{ run: a }] }
`;

function problems(hooks: string): string[] {
  return loadRunbook('r.yaml', HEAD + hooks, fakeActions).diagnostics.map(
    ({ span, code, summary }) => `${span?.line}:${span?.column} ${code} ${summary}`,
  );
}

function planned(hooks: string) {
  const { value } = loadRunbook('r.yaml', HEAD + hooks, fakeActions);
  if (!value) throw new Error(problems(hooks).join('\n'));
  return planHooks(value, 'r.yaml', resolveInputs(value, []).values);
}

test('what is wrong with a hook is found by `validate`, with its place', () => {
  expect(
    problems(`onFailure:
  - notify: { url: 'ftp://x' }
  - { run: a, notify: { url: 'https://x' } }
  - { timeout: 1m }
  - { run: 'echo \${{ node.name }}' }
  - { notify: { url: 'https://me:pw@x', body: 'on \${{ run.nod }}' } }
onStop:
  - { notify: { url: '\${{ inputs.hook }}\${{ inputs.token }}' } }
  - { notify: { url: 'https://x', body: '\${{ inputs.token }}' }, on: local }
  - { run: a, on: node }
`),
  ).toEqual([
    '11:20 hook-url `url` is no http or https address',
    '12:5 hook-form this has both `run` and `notify`',
    '13:5 hook-form this does nothing',
    '14:22 unknown-name `node` is not known here',
    '15:22 hook-url `url` holds a user or a password; give the whole address as an input of type secret',
    '15:59 unknown-name `run` has no `nod`',
    '17:22 secret at most one secret can be in it',
    expect.stringMatching(/^18:53 secret `inputs.token` is a secret/),
    '18:66 hook-form `on` belongs to `run`',
    '19:19 invalid-value `on` must be local: it runs on this machine alone',
  ]);
});

test('a plan has addresses and headers with the place of a secret, and bodies as written', () => {
  const [notify, run] = planned(`onSuccess:
  - notify:
      url: 'https://x/\${{ inputs.team }}/a?b'
      headers: { Authorization: 'Bearer \${{ inputs.token }}' }
      body: { text: '\${{ run.outcome }}' }
    timeout: 5s
onStop:
  - { name: Page, run: 'page \${{ inputs.team }}' }
`).toReversed();
  expect(notify).toEqual({
    id: 'onSuccess.1-notify',
    on: 'success',
    title: 'notify https://x/sre/a',
    timeout: 5000,
    notify: {
      url: 'https://x/sre/a?b',
      headers: { Authorization: { before: 'Bearer ', secret: 'token', after: '' } },
      body: { text: '${{ run.outcome }}' },
    },
  });
  expect(notify && secretsOfHook(notify)).toEqual(['token']);
  expect(run).toMatchObject({ id: 'onStop.1-page', title: 'Page', timeout: 60_000, commands: ['page sre'] });
  expect(run?.script).toMatch(/^set -eu.*\npage sre$/s);
});

test('of an address that is a secret nothing is shown', () => {
  const [hook] = planned(`onFailure: [{ notify: { url: '\${{ inputs.hook }}' } }]\n`);
  expect(hook?.title).toBe('notify the address in hook');
  expect(hook?.notify && placeOf(hook.notify.url)).toBe('the address in hook');
});

test('an address that inputs make is judged while planning', () => {
  expect(() => planned(`onFailure: [{ notify: { url: '\${{ inputs.team }}' } }]\n`)).toThrow(
    'r.yaml: onFailure[0]: `url` is no http or https address',
  );
});
