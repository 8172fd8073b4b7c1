import type { NewEvent } from '../event.ts';
import { noOutcomes } from '../event.ts';
import type { Facts } from '../facts/facts.ts';
import { OutageFold } from '../journal/outages.ts';
import type { JournalRecord } from '../journal/record.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan } from '../plan/plan.ts';
import { REHEARSAL_VERSION, type RehearsalData } from '../render/rehearsal-data.ts';
import { expectedTimes } from '../run/report/expected.ts';
import { versionsOf } from '../run/report/versions.ts';
import type { Comparison } from './compare.ts';
import { notModelled } from './not-modelled.ts';
import { notRehearsed } from './not-rehearsed.ts';
import { reasonOf } from './reason.ts';
import type { Rehearsal, RehearsalEnd } from './rehearsal.ts';

/** What a result is made from besides the rehearsal itself. */
export interface Rehearsed {
  readonly plan: Plan;
  readonly facts: RehearsalData['facts'];
  /** Facts of the cluster, which the plan is made from. */
  readonly before: Facts;
  readonly comparison: Comparison;
  /** Milliseconds since 1970, of the time in the rehearsal. */
  readonly began: number;
  readonly ended: number;
}

/** Pure: what a rehearsal showed. */
export function resultOf(rehearsal: Rehearsal, end: Exclude<RehearsalEnd, 'killed'>, of: Rehearsed): RehearsalData {
  const { plan, comparison, began, ended } = of;
  const { controller, kept, phases, watch } = rehearsal;
  const records = kept.records();
  const expected = expectedTimes(plan).run;
  const leftOut = end.outcome === 'done' ? (end.leftOut ?? []) : [];
  const failed = end.at && failureOf(controller.events, end.at.ref);
  const { progress } = rehearsal;
  const passedOver = phases.flatMap(({ steps }) =>
    steps.flatMap(({ node, id }) => {
      const { continued, reason = '' } = progress.get(stepKey(node.name, id)) ?? {};
      return continued ? [{ node: node.name, step: id, reason }] : [];
    }),
  );
  return {
    version: REHEARSAL_VERSION,
    rehearsal: true,
    cluster: plan.inventory.cluster,
    runbook: { name: plan.runbook.name, file: plan.runbook.file, digest: plan.runbook.digest },
    plan: { digest: plan.digest, facts: plan.factsDigest },
    inputs: plan.inputs,
    facts: of.facts,
    startedAt: new Date(began).toISOString(),
    endedAt: new Date(ended).toISOString(),
    outcome: leftOut.length > 0 ? 'failed' : end.outcome,
    reason:
      leftOut.length > 0 ? `left out: ${leftOut.map(({ node }) => node).join(', ')}` : reasonOf(end, controller.events),
    ...(end.at && { at: { node: end.at.node.name, step: end.at.id, title: end.at.planned.title } }),
    ...(failed?.tail && failed.tail.length > 0 && { tail: failed.tail }),
    ...(passedOver.length > 0 && { passedOver }),
    takes: ended - began,
    ...(expected && { expected }),
    counts: { ...noOutcomes(), ...end.counts },
    nodes: nodesOf(rehearsal, records, of),
    drains: [...watch.drains.all],
    api: watch.api,
    versions: watch.versions,
    notRehearsed: notRehearsed(plan, phases, progress),
    notModelled: notModelled(comparison),
    findings: plan.findings,
  };
}

type StepFinished = Extract<NewEvent, { type: 'step-finished' }>;

function failureOf(events: readonly NewEvent[], ref: { readonly step: string; readonly node: string }) {
  return events.findLast(
    (event): event is StepFinished =>
      event.type === 'step-finished' && event.step === ref.step && event.node === ref.node,
  );
}

function nodesOf(
  { watch, phases }: Rehearsal,
  records: readonly JournalRecord[],
  of: Rehearsed,
): RehearsalData['nodes'] {
  const { plan, before, ended } = of;
  const outages = new OutageFold(plan);
  for (const record of records) outages.add(record);
  const times = timesOf(records);
  const drains = watch.drains.all;
  const changed = new Map(
    watch.versions.filter(({ component }) => component === 'kubelet').map((one) => [one.node, one.to]),
  );
  return plan.nodes.map((node) => {
    const first = versionsOf(before, node)?.kubelet;
    const out = outages.of(node.name).reduce((sum, { from, to }) => sum + lasting(from, to, ended), 0);
    const pods = drains.filter((drain) => drain.node === node.name).flatMap((drain) => drain.pods);
    const takes = phases.reduce((sum, { phase }) => sum + (times.get(`${phase.number} ${node.name}`) ?? 0), 0);
    return {
      name: node.name,
      role: node.role,
      takes,
      out,
      ...(first !== undefined && { kubelet: { before: first, after: changed.get(node.name) ?? first } }),
      pods: pods.filter(({ fate }) => fate !== 'stays').length,
    };
  });
}

function lasting(from: string, to: string | undefined, ended: number): number {
  return Math.max(0, (to === undefined ? ended : Date.parse(to)) - Date.parse(from));
}

/** By phase and node, from the first record of a step that did something to the last. Milliseconds. */
function timesOf(records: readonly JournalRecord[]): ReadonlyMap<string, number> {
  const spans = new Map<string, { from: number; to: number }>();
  for (const record of records) {
    if (!('step' in record)) continue;
    const key = `${/^\d+/.exec(record.step)?.[0] ?? ''} ${record.node}`;
    const to = Date.parse(record.at);
    const from = record.type === 'step-finished' ? to - record.duration : to;
    const known = spans.get(key);
    spans.set(key, { from: Math.min(known?.from ?? from, from), to: Math.max(known?.to ?? to, to) });
  }
  return new Map([...spans].map(([key, { from, to }]) => [key, to - from]));
}
