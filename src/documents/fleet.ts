import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import type { Diagnostic, Span } from '../diagnostic.ts';
import type { DeepReadonly } from '../readonly.ts';
import { ONCE } from './fields.ts';
import { checkFleet } from './fleet-checks.ts';
import { fleetSchema } from './fleet-schema.ts';
import { issueDiagnostics } from './issues.ts';
import { load } from './loaded.ts';
import type { Inventory, Loaded } from './model.ts';
import { hasErrors, problem } from './source.ts';

type FleetData = DeepReadonly<z.output<typeof fleetSchema>>;
type Placed<T> = T & { readonly span: Span };

export type FleetClusterEntry = Placed<FleetData['clusters'][number]> & {
  /** The path of its inventory from the working folder on. */
  readonly file: string;
  /** The place of that path in the document. */
  readonly fileSpan: Span;
};
export type FleetStageEntry = Placed<FleetData['strategy']['stages'][number]>;

/** Many clusters, and the order in which they are worked on. */
export interface Fleet {
  readonly name: string;
  readonly description?: string;
  readonly clusters: readonly FleetClusterEntry[];
  readonly stages: readonly FleetStageEntry[];
}

/** Reads a fleet. Never throws: all problems at once, each with its place, are in `diagnostics`. */
export function loadFleet(file: string, text: string): Loaded<Fleet> {
  return load(file, text, 'Fleet', (document, value) => {
    const parsed = fleetSchema.safeParse(value, ONCE);
    const issues = parsed.success ? [] : parsed.error.issues;
    const judged = { document, base: [], value, schema: fleetSchema, called: 'the fleet' };
    const diagnostics = [...issueDiagnostics(issues, judged), ...checkFleet(document, value)];
    if (!parsed.success || hasErrors(diagnostics)) return { diagnostics, build: () => undefined };
    const { name, description, clusters, strategy } = parsed.data;
    return {
      diagnostics,
      build: () => ({
        name,
        ...(description !== undefined && { description }),
        clusters: clusters.map((one, index) => ({
          ...one,
          file: pathFrom(dirname(file), one.inventory),
          span: document.at(['clusters', index]),
          fileSpan: document.at(['clusters', index, 'inventory']),
        })),
        stages: strategy.stages.map((one, index) => ({ ...one, span: document.at(['strategy', 'stages', index]) })),
      }),
    };
  });
}

function pathFrom(folder: string, path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path.startsWith('/') ? path : join(folder, path);
}

/** What is wrong with the inventories of a fleet, at the places that name them. */
export function checkInventories(
  { clusters }: Fleet,
  inventories: ReadonlyMap<string, Loaded<Inventory>>,
): Diagnostic[] {
  const seen = new Map<string, string>();
  return clusters.flatMap(({ name, file, fileSpan }) => {
    const inventory = inventories.get(name);
    if (!inventory) return [];
    const [first] = inventory.diagnostics.filter(({ severity }) => severity === 'error');
    if (!inventory.value) {
      const why = first === undefined ? '' : `: ${first.summary}`;
      const detail = `see \`runbook validate ${file}\``;
      return [problem('inventory', `the inventory of \`${name}\` is not valid${why}`, fileSpan, detail)];
    }
    const { cluster } = inventory.value;
    const other = seen.get(cluster);
    if (other === undefined) seen.set(cluster, name);
    if (other === undefined) return [];
    const summary = `the inventories of \`${other}\` and \`${name}\` are both of a cluster called ${cluster}`;
    return [
      problem(
        'duplicate-cluster',
        summary,
        fileSpan,
        `one lock would be for both: rename \`cluster\` in ${resolve(file)}`,
      ),
    ];
  });
}
