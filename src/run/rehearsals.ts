import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../digest.ts';
import { ENDINGS, type NewEvent } from '../event.ts';
import { writeSynced } from '../journal/store.ts';
import { digestOf } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';
import type { DeepReadonly } from '../readonly.ts';

/** Beside the runs of a state folder, the last rehearsal of each runbook on each cluster. */
const FOLDER = 'rehearsals';

/** What a plan is made from besides facts, as `rehearsed` names what is another. */
const BASIS = ['runbook', 'inputs', 'nodes'] as const;

const keptSchema = z.object({
  version: z.literal(1),
  at: z.iso.datetime(),
  cluster: z.string(),
  runbook: z.string(),
  plan: z.string(),
  /** Of what the plan is made from besides facts. */
  basis: z.string(),
  /** Of each part of it. */
  parts: z.exactOptional(z.record(z.enum(BASIS), z.string())),
  /** Of the facts that decide. */
  facts: z.string(),
  outcome: z.enum(ENDINGS),
  reason: z.string(),
  where: z.exactOptional(z.string()),
  /** Milliseconds. */
  takes: z.number().nonnegative(),
});
export type KeptRehearsal = DeepReadonly<z.infer<typeof keptSchema>>;

/** How a plan stands to the last rehearsal of its runbook on its cluster. */
export type Rehearsed =
  | { readonly kind: 'never' }
  /** `other`: of another runbook text, inputs or nodes; `moved`: what decides of the facts has changed since. */
  | { readonly kind: 'same' | 'moved'; readonly kept: KeptRehearsal }
  | { readonly kind: 'other'; readonly kept: KeptRehearsal; readonly differs: readonly (typeof BASIS)[number][] };

/** Replaces the last one. @throws Error where the folder cannot be written */
export async function keepRehearsal(
  root: string,
  plan: Plan,
  end: Pick<KeptRehearsal, 'outcome' | 'reason' | 'takes' | 'where'>,
): Promise<void> {
  const kept: KeptRehearsal = {
    version: 1,
    at: new Date().toISOString(),
    cluster: plan.inventory.cluster,
    runbook: plan.runbook.name,
    plan: plan.digest,
    basis: digestOf(basisOf(plan)),
    parts: partsOf(plan),
    facts: plan.factsDigest,
    ...end,
  };
  await writeSynced(fileOf(root, plan), `${JSON.stringify(kept)}\n`);
}

/** What cannot be read counts as none: a rehearsal is made again in a minute. */
export async function lastRehearsal(root: string, plan: Plan): Promise<Rehearsed> {
  const kept = await readKept(fileOf(root, plan));
  if (!kept) return { kind: 'never' };
  if (kept.plan === plan.digest) return { kind: 'same', kept };
  if (kept.basis !== digestOf(basisOf(plan))) {
    const now = partsOf(plan);
    const { parts = now } = kept;
    return { kind: 'other', kept, differs: BASIS.filter((part) => parts[part] !== now[part]) };
  }
  return { kind: kept.facts === plan.factsDigest ? 'same' : 'moved', kept };
}

/** As an event. @param next the command that rehearses @param isFirst nothing of the plan ran on its cluster before */
export function rehearsedEvent(rehearsed: Rehearsed, next: string, isFirst: boolean): NewEvent {
  const { kind } = rehearsed;
  if (kind === 'never') return { type: 'rehearsed', rehearsed: kind, ...(isFirst && { next }) };
  const { at, outcome, where } = rehearsed.kept;
  return {
    type: 'rehearsed',
    rehearsed: kind,
    rehearsedAt: at,
    outcome,
    ...(where !== undefined && { where }),
    ...(kind === 'other' && rehearsed.differs.length > 0 && { differs: rehearsed.differs }),
    ...(kind !== 'same' && { next }),
  };
}

/** The plan's digest changes with what `check:` commands answer, which a rehearsal does not ask. */
function basisOf({ runbook, inventory, inputs, limit, nodes }: Plan) {
  return {
    runbook: runbook.digest,
    cluster: inventory.cluster,
    inputs,
    limit: limit ?? '',
    nodes: nodes.map(({ name, role }) => `${name} ${role}`),
  };
}

function partsOf(plan: Plan): Record<(typeof BASIS)[number], string> {
  const { runbook, inputs, limit, nodes } = basisOf(plan);
  return { runbook, inputs: digestOf(inputs), nodes: digestOf({ limit, nodes }) };
}

function fileOf(root: string, { inventory, runbook }: Plan): string {
  return join(root, FOLDER, `${sha256(`${inventory.cluster}\n${runbook.name}`).slice(0, 24)}.json`);
}

async function readKept(file: string): Promise<KeptRehearsal | undefined> {
  try {
    return keptSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
