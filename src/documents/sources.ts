import { accessSync, constants, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { evaluateCondition, evaluateTemplate } from './expressions.ts';
import { itemsFor } from './for-each.ts';
import { isIncluded, scopeIn } from './frame.ts';
import type { Inventory, Runbook, Scope, Step } from './model.ts';
import { selectNodes } from './selectors.ts';
import { stepsOf } from './steps-of.ts';
import { problem } from './source.ts';
import { localPath } from './target.ts';

type UsesStep = Extract<Step, { kind: 'uses' }>;

/**
 * The folder in which a relative path of `with` starts. A source is beside its runbook; one that an expression begins
 * (`${{ inputs.snapshot }}`) was typed by the operator, as what is written is: both start in the current folder.
 */
export function baseOf(step: UsesStep, key: string, action: Action): string {
  const written = step.with[key];
  const isTyped = typeof written === 'string' && written.trimStart().startsWith('${{');
  return action.sources?.includes(key) && !isTyped ? dirname(step.span.file) : '.';
}

/**
 * Local files that steps need and that are not there or cannot be read, as far as inputs and inventory show: a path or
 * an `if` that needs facts is left to the step itself, and so is a file that an earlier `on: local` step names: that
 * may make it.
 */
export function missingSources(
  runbook: Runbook,
  inputs: Readonly<Record<string, unknown>>,
  inventory: Inventory | undefined,
  actions: ReadonlyMap<string, Action>,
): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  const scripts: string[] = [];
  for (const phase of runbook.phases) {
    const nodes = inventory ? selectNodes(phase.nodes, inventory).nodes : [undefined];
    for (const node of nodes) {
      const scope: Scope = {
        inputs,
        env: {},
        cluster: { name: inventory?.cluster ?? '', version: '' },
        ...(node && { node: { ...node, labels: {}, facts: {} } }),
      };
      const names = namesAt(phase, scope);
      if (!names || (phase.if !== undefined && !holds(phase.if, names))) continue;
      for (const step of stepsOf(phase)) {
        if (step.kind === 'run' && step.on === 'local')
          scripts.push([step.run, step.text, ...(step.args ?? [])].join(' '));
        if (step.kind !== 'uses') continue;
        for (const own of scopesOf(step, scope)) {
          if (step.if !== undefined && !holds(step.if, own)) continue;
          for (const { path, why } of missingOf(step, own, actions)) {
            if (scripts.some((script) => script.includes(basename(path)))) continue;
            const summary = `\`${step.uses}\` needs ${path} of this machine: ${why}`;
            found.set(`${path} ${step.span.file} ${step.span.line}`, problem('missing-file', summary, step.span));
          }
        }
      }
    }
  }
  return [...found.values()];
}

/** The names of a place, where it is certain that what is there is included. */
function namesAt({ frame }: Pick<Step, 'frame'>, scope: Scope): Scope | undefined {
  const included = isIncluded(frame, scope);
  if (!included.ok || !included.value) return undefined;
  const names = scopeIn(frame, scope);
  return names.ok ? names.value : undefined;
}

/** One for each item of its `forEach`. */
function scopesOf(step: Step, scope: Scope): Scope[] {
  const names = namesAt(step, scope);
  if (!names) return [];
  const items = itemsFor(step, names);
  return items.ok ? items.value.map((each) => (each ? { ...names, each } : names)) : [];
}

/** Only for certain. */
function holds(condition: string, scope: Scope): boolean {
  const result = evaluateCondition(condition, scope);
  return result.ok && result.value;
}

function missingOf(
  step: UsesStep,
  scope: Scope,
  actions: ReadonlyMap<string, Action>,
): { readonly path: string; readonly why: string }[] {
  const action = actions.get(step.uses);
  return (action?.sources ?? []).flatMap((key) => {
    const value = evaluateTemplate(step.with[key], scope);
    if (!action || !value.ok || typeof value.value !== 'string' || value.value === '') return [];
    const path = localPath(value.value, baseOf(step, key, action));
    const why = unreadable(path);
    return why === undefined ? [] : [{ path, why }];
  });
}

/** Why a file cannot be read; undefined: it can. */
export function unreadable(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'it is not a file';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : 'it cannot be read';
  }
}
