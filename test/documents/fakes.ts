import { z } from 'zod';
import type { Action } from '../../src/actions/action.ts';
import type { Diagnostic } from '../../src/diagnostic.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';

export function fakeAction<W>(name: string, schema: z.ZodType<W>): Action<W> {
  return {
    name,
    summary: `${name} it`,
    schema,
    place: 'node',
    effect: 'repeatable',
    timeout: 1000,
    onTimeout: 'kill',
    facts: [],
    guards: [],
    settle: 0,
    isDone: () => ({ done: false, reason: '' }),
    project: ({ facts }) => facts,
  };
}

const all: readonly Action[] = [
  fakeAction(
    'drain',
    z.strictObject({
      timeout: z
        .string()
        .regex(/^\d+[smh]$/)
        .default('10m')
        .describe('How long kubectl tries'),
      force: z.boolean().default(false),
      grace: z.number().int().min(0).optional(),
    }),
  ),
  fakeAction(
    'install',
    z.strictObject({
      packages: z.union([z.enum(['kubeadm', 'kubelet']), z.array(z.enum(['kubeadm', 'kubelet'])).min(1)]),
      version: z.string().regex(/^\d+\.\d+\.\d+$/),
    }),
  ),
];

/** Two actions that look like the real ones. */
export const fakeActions: ReadonlyMap<string, Action> = new Map(all.map((action) => [action.name, action]));

/** `line:column code summary`, one per diagnostic. */
export function shown(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(
    ({ severity, span, code, summary }) =>
      `${span ? `${span.line}:${span.column}` : '-'} ${severity === 'warning' ? 'warning ' : ''}${code} ${summary}`,
  );
}

export function problemsOf(text: string): string[] {
  return shown(loadRunbook('r.yaml', text, fakeActions).diagnostics);
}

/** A runbook with these lines as its steps, which begin in line 11. */
export function withSteps(steps: string, head = ''): string {
  return `apiVersion: runbook/v1
kind: Runbook
name: test
inputs:
  version: { type: version, default: 1.32.9 }
  force: { type: boolean, default: false }
  n: { type: number, default: 3 }
${head}phases:
  - name: one
    nodes: all
    steps:
${steps}`;
}
