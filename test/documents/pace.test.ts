import { expect, test } from 'vitest';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { draftWindow } from '../../src/plan/window.ts';
import { paceOf } from '../../src/plan/batches.ts';
import { draftGate } from '../../src/plan/gate.ts';
import { fakeActions } from './fakes.ts';

const HEAD = `apiVersion: runbook/v1
kind: Runbook
name: paced
inputs:
  most: { type: number, default: 0.01 }
  token: { type: secret, default: env:TOKEN }
`;
const read = (phase: string, runbook = '') => {
  const steps = '    steps: [{ run: "true" }]\n';
  const lines = phase.split('\n').filter((line) => line !== '');
  const text = lines.map((line) => `    ${line}\n`).join('');
  return loadRunbook(
    'r.yaml',
    `${HEAD}${runbook}phases:\n  - name: one\n    nodes: workers\n${text}${steps}`,
    fakeActions,
  );
};
const problems = (phase: string, runbook = '') =>
  read(phase, runbook).diagnostics.map(({ summary, detail }) =>
    detail === undefined ? summary : `${summary} (${detail})`,
  );

test('pause, gate and window read as milliseconds, with their defaults', () => {
  const { value, diagnostics } = read(
    'pause: 5m\ngate: { run: kubectl get nodes, on: control-plane, for: 2m }',
    "window: { days: [sat], from: '22:00', to: '05:00' }\n",
  );
  expect(diagnostics).toEqual([]);
  expect(value).toMatchObject({
    window: { days: ['sat'], from: '22:00', to: '05:00' },
    phases: [
      {
        pause: 300_000,
        gate: { run: 'kubectl get nodes', on: 'control-plane', for: 120_000, every: 15_000, timeout: 1_800_000 },
      },
    ],
  });
});

test('a gate over HTTP may know inputs, and sends a secret in a header alone', () => {
  const gate = `gate:
  http:
    url: http://prometheus:9090/api/v1/query?query=errors
    headers: { Authorization: "Bearer \${{ inputs.token }}", X-Most: "\${{ inputs.most }}" }
    condition: status == 200 && json.data.result.all(one, double(one.value[1]) < inputs.most)`;
  expect(problems(gate)).toEqual([]);
  expect(problems(gate.replace('query=errors', 'token=${{ inputs.token }}'))).toEqual([
    expect.stringContaining('`inputs.token` is a secret'),
  ]);
  expect(problems(gate.replace('Bearer ${{ inputs.token }}', '${{ inputs.most }} ${{ inputs.token }}'))).toEqual([
    expect.stringContaining('`inputs.token` is a secret'),
  ]);
});

test.each([
  ['gate: { for: 1m }', 'this gate asks nothing'],
  ['gate: { run: "true", http: { url: "http://a" } }', 'this gate asks two things'],
  ['gate: { on: local, http: { url: "http://a" } }', '`on` belongs to `run`'],
  ['gate: { run: "true", for: 30m }', 'it cannot hold for so long'],
  ['gate: { run: "echo ${{ node.name }}" }', '`node` is not known here'],
  ['gate: { http: { url: "ftp://a" } }', '`url` is no http or https address'],
  ['gate: { http: { url: "http://me:pw@a" } }', '`url` holds a user or a password; send it in `headers`'],
  ['gate: { http: { url: "http://a", condition: "status" } }', 'a condition must be true or false'],
  ['gate: { http: { url: "http://a", condition: "state == 200" } }', '`state` is not known here'],
  ['gate: { http: { url: "http://a", condition: "${{ status == 200 }}" } }', 'is an expression as a whole'],
  ['pause: 5', 'needs a unit'],
  ['pause: "${{ inputs.most }}"', '`pause` must be a duration, the expression gives a number'],
  ['pause: "${{ node.vars.pause }}"', '`node` is not known here'],
])('%s is refused', (phase, summary) => {
  expect(problems(phase)).toEqual([expect.stringContaining(summary)]);
});

test.each(['http://me:hunter2@a', 'ftp://me:hunter2@a', 'http://me:hunter2@[a'])(
  'no message shows what is in the address %s',
  (url) => {
    const [said] = read(`gate: { http: { url: "${url}" } }`).diagnostics;
    expect(said?.summary).toContain('`url`');
    expect([said?.span?.line, said?.span?.text]).toEqual([10, undefined]);
    const { value } = read('gate: { http: { url: "${{ inputs.at }}" } }', '  at: { type: string }\n');
    const phase = value?.phases[0];
    if (!phase) throw new Error('it does not read');
    const scope = { inputs: { at: url }, env: {}, cluster: { name: '', version: '' } };
    const drafted = () => draftGate(phase, value.inputs, scope);
    expect(drafted).toThrow(/^r\.yaml:.*: the gate of phase one: its `url` /);
    expect(drafted).not.toThrow('hunter2');
  },
);

test('an expression may give a pause', () => {
  const paused = (pause: string, value: string) => {
    const { value: runbook } = read(`pause: ${pause}`, `  rest: { type: string, default: '${value}' }\n`);
    const phase = runbook?.phases[0];
    if (!phase) throw new Error('it does not read');
    return paceOf(phase, [], { inputs: { rest: value }, env: {}, cluster: { name: '', version: '' } }).pause;
  };
  expect(paused('90s', '')).toBe(90_000);
  expect(paused('"${{ inputs.rest }}"', '5m')).toBe(300_000);
  expect(paused('"${{ inputs.rest }}"', '0s')).toBe(0);
  expect(() => paused('"${{ inputs.rest }}"', 'soon')).toThrow(
    /^r\.yaml:9:5: `pause` of phase one must be a duration such as 10m, not "soon"$/,
  );
});

test.each([
  ["window: { from: '25:00' }\n", 'must be a time of day'],
  ['window: { days: [friday] }\n', 'must be one of'],
  ['window: { timezone: Europe/Bonn }\n', 'is not a time zone'],
])('%s is refused', (window, summary) => {
  expect(problems('', window)).toEqual([expect.stringContaining(summary)]);
});

const INPUTS = `inputs:
  days: { type: list, default: [sat, sun] }
  from: { type: string, default: '22:00' }
  n: { type: number, default: 5 }
  token: { type: secret, default: 'env:T' }
`;
const READ = `window: { days: '\${{ inputs.days }}', from: '\${{ inputs.from }}', to: '0\${{ inputs.n }}:00', timezone: 'Europe/\${{ inputs.from }}' }\n`;

test('inputs may give a window: it is worked out before anything is contacted', () => {
  const { value, diagnostics } = loadRunbook(
    'r.yaml',
    `apiVersion: runbook/v1\nkind: Runbook\nname: r\n${INPUTS}${READ}phases: [{ name: p, nodes: all, steps: [{ run: a }] }]\n`,
    fakeActions,
  );
  expect(diagnostics).toEqual([]);
  if (!value) throw new Error('it does not read');
  const windowOf = (inputs: Readonly<Record<string, unknown>>) => draftWindow({ file: 'r.yaml', value }, inputs);
  const given = { days: ['sat'], from: 'Rome', n: 5 };
  expect(() => windowOf(given)).toThrow(
    'r.yaml: `from` of the window must be a time of day such as \'22:00\', not "Rome"',
  );
  expect(() => windowOf({ ...given, from: '22:00' })).toThrow(
    '`timezone` of the window must be a time zone such as Europe/Berlin, not "Europe/22:00"',
  );
  const zoned = {
    ...value,
    window: { ...value.window, from: '21:30', to: '05:00', timezone: 'Europe/${{ inputs.from }}' },
  };
  const read = (inputs: Readonly<Record<string, unknown>>) => draftWindow({ file: 'r.yaml', value: zoned }, inputs);
  expect(read(given)).toEqual({ days: ['sat'], from: '21:30', to: '05:00', timezone: 'Europe/Rome' });
  expect(() => read({ ...given, days: ['friday'] })).toThrow('`days` of the window must be one of sun, mon');
  expect(() => read({ ...given, days: [] })).toThrow('`days` of the window must not be an empty list');
});

test.each([
  ["window: { from: '${{ inputs.nope }}' }\n", '`inputs` has no `nope`'],
  ["window: { to: '${{ node.name }}' }\n", '`node` is not known here'],
  ["window: { from: '${{ inputs.most }}' }\n", '`from` must be a text, the expression gives a number'],
  ["window: { days: '${{ inputs.most }}' }\n", '`days` must be a list, the expression gives a number'],
  ["window: { timezone: '${{ inputs.token }}' }\n", '`inputs.token` is a secret'],
  ['window: { days: sat }\n', '`days` must be a list, not a text'],
])('%s is refused where it stands', (window, summary) => {
  expect(problems('', window)).toEqual([expect.stringContaining(summary)]);
});
