import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { namesInTemplate } from './expressions.ts';
import { conditionsIn, templatesIn } from './frame.ts';
import { checkMembership } from './membership-checks.ts';
import type { Inventory, Phase, Runbook, Step } from './model.ts';
import { readsInText, readsOf } from './results.ts';
import { checkSelection } from './runbook-checks.ts';
import { selectNodes } from './selectors.ts';
import { nearest } from './nearest.ts';
import { problem } from './source.ts';
import { stepsOf } from './steps-of.ts';

/** What a runbook and an inventory do not have of each other: nodes that patterns ask for, variables of nodes. */
export function checkTogether(
  runbook: Runbook,
  inventory: Inventory,
  actions: ReadonlyMap<string, Action>,
): Diagnostic[] {
  return [
    ...checkSelection(runbook, inventory),
    ...checkMembership(runbook, inventory, actions),
    ...runbook.phases.flatMap((phase) => [...checkVars(phase, inventory), ...checkNodes(phase, inventory)]),
  ];
}

function checkVars(phase: Phase, inventory: Inventory): Diagnostic[] {
  const nodes = selectNodes(phase.nodes, inventory).nodes;
  return stepsOf(phase).flatMap((step) =>
    varsIn(step).flatMap((name) => {
      const without = nodes.filter((node) => !Object.hasOwn(node.vars, name)).map((node) => node.name);
      if (without.length === 0) return [];
      const [first = '', ...more] = without;
      const who = more.length === 0 ? first : `${first} and ${more.length} more`;
      const detail = `give it as \`vars\` in the inventory, or ask \`has(node.vars.${name})\` first`;
      return [
        problem('unknown-variable', `${who} has no variable \`${name}\` (\`node.vars.${name}\`)`, step.span, detail),
      ];
    }),
  );
}

/** Nodes whose results a step reads by their names. */
function checkNodes(phase: Phase, inventory: Inventory): Diagnostic[] {
  return stepsOf(phase).flatMap((step) => {
    const texts = step.kind === 'run' ? [step.run, step.args, step.check, step.env] : [step.env];
    const reads = [...textsIn(texts).flatMap(readsInText), ...(step.if === undefined ? [] : readsOf(bare(step.if)))];
    const named = new Set(reads.flatMap(({ node }) => (node === undefined || node === '' ? [] : [node])));
    return [...named]
      .filter((node) => !inventory.nodes.some(({ name }) => name === node))
      .map((node) => {
        const near = nearest(
          node,
          inventory.nodes.map(({ name }) => name),
        );
        const detail = near === undefined ? 'name a node as the inventory does' : `did you mean \`${near}\`?`;
        return problem('unknown-node', `\`nodes['${node}']\`: the inventory has no such node`, step.span, detail);
      });
  });
}

/** An `if` may have `${{ }}` around it. */
function bare(condition: string): string {
  return /^\s*\$\{\{(.*)\}\}\s*$/s.exec(condition)?.[1] ?? condition;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

/** Names of variables that the step reads and does not ask for by `has()`. */
function varsIn(step: Step): string[] {
  const values = step.kind === 'run' ? [step.run, step.args, step.check, step.env] : [step.with, step.env];
  const whole = [...values, step.name, step.forEach, ...templatesIn(step.frame)];
  const conditions = [step.if, ...conditionsIn(step.frame)];
  const names = [...namesInTemplate(whole), ...conditions.flatMap((one) => namesInTemplate(one, true))];
  const vars = names.flatMap(([root, field, name]) =>
    root === 'node' && field === 'vars' && name !== undefined ? [name] : [],
  );
  const asked = new Set([...JSON.stringify(step).matchAll(/has\(\s*node\.vars\.(\w+)\s*\)/g)].map(([, name]) => name));
  return [...new Set(vars)].filter((name) => !asked.has(name));
}
