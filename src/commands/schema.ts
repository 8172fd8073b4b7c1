import { Argument, type Command } from 'commander';
import { actions } from '../actions/registry.ts';
import { fleetJsonSchema } from '../documents/fleet-json-schema.ts';
import { inventoryJsonSchema, partJsonSchema, runbookJsonSchema } from '../documents/schema.ts';
import { eventJsonSchema } from '../event.ts';
import { factsJsonSchema } from '../facts-file/form/document.ts';
import { fleetPlanJsonSchema } from '../fleet/plan.ts';
import { fleetRecordJsonSchema } from '../fleet/record.ts';
import { planChangesJsonSchema } from '../plan/changes-schema.ts';
import { planJsonSchema } from '../plan/plan.ts';
import { fleetStatusJsonSchema } from '../render/fleet-status.ts';
import { logLineJsonSchema } from '../render/log-line.ts';
import { preflightJsonSchema } from '../render/preflight.ts';
import { rehearsalJsonSchema } from '../render/rehearsal-data.ts';
import { reportJsonSchema } from '../render/report-data.ts';
import { runRowJsonSchema } from '../render/run-row.ts';
import { statusJsonSchema } from '../render/status-data.ts';
import type { Run } from '../run/options.ts';

const SCHEMAS = {
  runbook: () => runbookJsonSchema(actions),
  steps: () => partJsonSchema('Steps', actions),
  phases: () => partJsonSchema('Phases', actions),
  inventory: inventoryJsonSchema,
  fleet: fleetJsonSchema,
  'fleet-plan': fleetPlanJsonSchema,
  'fleet-status': fleetStatusJsonSchema,
  'fleet-record': fleetRecordJsonSchema,
  event: eventJsonSchema,
  facts: factsJsonSchema,
  plan: planJsonSchema,
  'plan-changes': planChangesJsonSchema,
  preflight: preflightJsonSchema,
  status: statusJsonSchema,
  runs: runRowJsonSchema,
  logs: logLineJsonSchema,
  report: reportJsonSchema,
  rehearsal: rehearsalJsonSchema,
} as const;

export function define(command: Command, run: Run): void {
  command
    .addArgument(new Argument('<kind>').choices(Object.keys(SCHEMAS)))
    .action((kind: keyof typeof SCHEMAS) => run(() => schema(kind)));
}

/** All of them, by kind: the build puts them into the package. */
export function everySchema(): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(SCHEMAS).map(([kind, make]) => [kind, make()]));
}

function schema(kind: keyof typeof SCHEMAS): Promise<number> {
  process.stdout.write(`${JSON.stringify(SCHEMAS[kind](), null, 2)}\n`);
  return Promise.resolve(0);
}
