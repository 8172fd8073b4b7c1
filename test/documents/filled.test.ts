import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import type { Text } from '../../src/documents/text.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';

const head = `apiVersion: runbook/v1
kind: Runbook
name: r
inputs: { t: { type: secret, default: 'env:T' }, f: { type: string, default: a.txt } }
phases:
  - name: One
    nodes: all
    steps:
`;

function problemsOf(step: string, texts: Readonly<Record<string, Text>>): string[] {
  const read = (path: string): Text => texts[path] ?? { ok: false, why: 'there is no such file' };
  const { diagnostics } = loadRunbook('/books/r.yaml', `${head}      - ${step}\n`, actions, read);
  return diagnostics.map(
    ({ span, summary }) => `${span?.file ?? ''}:${span?.line ?? 0}:${span?.column ?? 0} ${summary}`,
  );
}

const copy = (more: string) => `{ uses: copy, with: { src: a.txt, dest: /x, ${more} } }`;
const text = (value: string) => ({ '/books/a.txt': { ok: true, value } as const });

test('expressions in the text that copy fills are checked with the runbook, all of them, at their place', () => {
  const bad = 'name ${{ node.nme }}\n${{ inputs.t }} ${{ 1 + }}\n${{ steps.x.outputs.y }}\nopen ${{ node.name\n';
  expect(problemsOf(copy('template: true'), text(bad))).toEqual([
    '/books/a.txt:1:15 `node` has no `nme`',
    expect.stringMatching(/^\/books\/a\.txt:2:\d+ `inputs\.t` is a secret/),
    expect.stringMatching(/^\/books\/a\.txt:2:\d+ /),
    expect.stringMatching(/^\/books\/a\.txt:3:\d+ `steps` is not known here/),
    '/books/a.txt:4:6 `${{` is never closed by `}}`',
  ]);
});

test('what is fine, is no template, or is not known by its path yet, is left as it is', () => {
  expect(problemsOf(copy('template: true'), text('${{ node.name }} $HOME {{ x }}'))).toEqual([]);
  expect(problemsOf(copy('mode: "0600"'), text('${{ node.nme }}'))).toEqual([]);
  const byInput = "{ uses: copy, with: { src: '${{ inputs.f }}', dest: /x, template: true } }";
  expect(problemsOf(byInput, text('${{ node.nme }}'))).toEqual([]);
  expect(problemsOf(copy('template: true'), {})).toEqual([]);
});

test('a file that is no text cannot be filled', () => {
  expect(problemsOf(copy('template: true'), { '/books/a.txt': { ok: false, why: 'it is not UTF-8' } })).toEqual([
    '/books/r.yaml:9:36 /books/a.txt is not a text: template: true fills texts alone',
  ]);
});

test('in a loop and with env, the text knows each and env as its step does', () => {
  const step = `{ uses: copy, forEach: [a], env: { E: x }, with: { src: a.txt, dest: '/\${{ each.value }}', template: true } }`;
  expect(problemsOf(step, text('${{ each.value }} ${{ env.E }} ${{ each.nope }}'))).toHaveLength(1);
});
