import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { resolveInputs } from '../../src/documents/inputs.ts';
import type { Inventory, Loaded, Runbook } from '../../src/documents/model.ts';
import { readRunbook } from '../../src/documents/read.ts';
import { askChecks } from '../../src/engine/check.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Override } from '../../src/guards/lib/override.ts';
import { guards } from '../../src/guards/registry.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { needsOf } from '../../src/plan/needs.ts';
import type { Measured } from '../../src/plan/expected.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Size } from './cluster.ts';
import type { Controller } from '../../src/rehearse/controller.ts';

type Valid<T> = Loaded<T> & { readonly value: T };

/** The documents of the upgrade that is disturbed. */
export interface Documents {
  readonly runbook: Valid<Runbook>;
  readonly inventory: Valid<Inventory>;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly scenario: Scenario;
  /** What earlier runs took. */
  readonly measured?: readonly Measured[];
}

/** From 1.31.9 to some release. */
export interface Scenario {
  readonly runbook: string;
  readonly sets: readonly string[];
  readonly target: string;
  /** Minors whose repositories are asked. */
  readonly minors: readonly string[];
  /** Guards that the operator has overridden. */
  readonly overrides?: readonly Override[];
}

export const ONE_MINOR: Scenario = { runbook: 'upgrade-1.32.yaml', sets: [], target: '1.32.9', minors: ['1.32'] };
export const TWO_HOPS: Scenario = {
  runbook: 'upgrade.yaml',
  sets: ['version=1.33.12', 'prefetch=false'],
  target: '1.33.12',
  minors: ['1.31', '1.32', '1.33'],
};

export function inventoryOf(
  { controlPlanes, spareControlPlanes = 0, workers }: Size,
  groups: Readonly<Record<string, readonly string[]>> = {},
): Valid<Inventory> {
  const nodes = (count: number, name: string, first: number, role: string) =>
    Array.from(
      { length: count },
      (_, at) => `  - { name: ${name}-${at + 1}, host: 10.10.0.${first + at}, role: ${role} }\n`,
    );
  const all = [
    ...nodes(controlPlanes + spareControlPlanes, 'cp', 11, 'control-plane'),
    ...nodes(workers, 'worker', 101, 'worker'),
  ];
  const head = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: lab\nbecome: { method: sudo }\nnodes:\n';
  return valid(loadInventory('inventory.yaml', `${head}${all.join('')}groups: ${JSON.stringify(groups)}\n`));
}

export async function readDocuments(scenario: Scenario = ONE_MINOR): Promise<Documents> {
  const path = new URL(`../../runbooks/${scenario.runbook}`, import.meta.url).pathname;
  const runbook = oneByOne(valid(await readRunbook(path, actions)));
  const { values } = resolveInputs(runbook.value, scenario.sets);
  return { runbook, inventory: inventoryOf({ controlPlanes: 3, workers: 2 }), inputs: values, scenario };
}

/** Other runs begin between two steps, where nothing may run meanwhile: so no two nodes work side by side. */
function oneByOne(runbook: Valid<Runbook>): Valid<Runbook> {
  const phases = runbook.value.phases.map((phase) => ({ ...phase, serial: 1 }));
  return { ...runbook, value: { ...runbook.value, phases } };
}

export function valid<T>(document: Loaded<T>): Valid<T> {
  const { value } = document;
  if (value === undefined) throw new Error(document.diagnostics.map((one) => one.summary).join('; '));
  return { ...document, value };
}

export function needs({ runbook, inventory, inputs, scenario: { minors } }: Documents) {
  return { ...needsOf(runbook.value, inventory.value, inputs, actions, guards), minors };
}

/** The plan of a controller for the cluster as it is now, made as the commands make it. */
export async function plan(documents: Documents, controller: Controller): Promise<{ plan: Plan; facts: Facts }> {
  const { inventory } = documents;
  const wanted = needs(documents);
  const names = inventory.value.nodes.map((node) => node.name);
  const facts = await controller.observer.read({ nodes: {} }, names, wanted.facts);
  const made = await makePlan({
    ...documents,
    facts,
    actions,
    guards: wanted.guards,
    overrides: documents.scenario.overrides ?? [],
    checks: async (steps) => (await askChecks(controller, steps)).passed,
    now: 0,
  });
  return { plan: made, facts };
}
