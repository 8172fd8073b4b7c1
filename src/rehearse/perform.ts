import type { Bounds } from '../engine/context.ts';
import { openingAt } from '../engine/window.ts';
import type { NewEvent } from '../event.ts';
import { FactError } from '../facts/fact.ts';
import type { FactsDocument } from '../facts-file/document.ts';
import { Failure } from '../failure.ts';
import type { Inventory } from '../documents/model.ts';
import type { Plan } from '../plan/plan.ts';
import type { RehearsalData } from '../render/rehearsal-data.ts';
import { listNames } from '../render/text.ts';
import type { RunReport } from '../render/report-data.ts';
import { buildReport } from '../run/report/build.ts';
import { localZone } from '../time-zone.ts';
import { compareFacts } from './compare.ts';
import type { LabPackage } from './lab-package.ts';
import { Rehearsal, RUN } from './rehearsal.ts';
import { resultOf } from './result.ts';
import { QuickTwin } from './quick-twin.ts';

/** All that a rehearsal is made from: nothing of it can reach a node. */
export interface Script {
  readonly plan: Plan;
  readonly inventory: Inventory;
  /** The facts that the plan is made from, with all others. */
  readonly document: FactsDocument;
  /** Where they were read; undefined: of the nodes, just now. */
  readonly file?: string;
  /** Minors whose repositories the run asks. */
  readonly minors: readonly string[];
  /** When it begins: milliseconds since 1970. */
  readonly startsAt: number;
  readonly bounds: Bounds;
  readonly onEvent?: (event: NewEvent) => void;
}

export interface Performed {
  readonly data: RehearsalData;
  readonly report: RunReport;
}

/** When a run of the plan would begin: now, or with the next opening of its window. */
export function startOf({ window }: Plan, now: number): number {
  return window ? Math.max(now, openingAt(window, now).from) : now;
}

/** Builds the twin, runs the plan on it to its end, and says what happened. @throws Failure where there is no twin */
export async function perform(lab: LabPackage, script: Script): Promise<Performed> {
  const { plan, inventory, document, file, minors, bounds, onEvent } = script;
  const time = new lab.FastTime(script.startsAt);
  const twin = new QuickTwin(lab, await time.run(lab.createTwin(document, { clock: time }).catch(asFailure)), time);
  const rehearsal = new Rehearsal({ twin, plan, inventory, minors, bounds, ...(onEvent && { onEvent }) });
  const { asked, facts, readAt } = document;
  const read = await rehearsal.read(asked.nodes, asked.facts, asked.minors).catch(asUnlike);
  const began = time.now();
  const end = await rehearsal.start(read);
  if (end === 'killed') throw new Error('the controller of a rehearsal was killed');
  const ended = time.now();
  const data = resultOf(rehearsal, end, {
    plan,
    facts: { readAt, ...(file !== undefined && { file }) },
    before: facts,
    comparison: compareFacts(facts, read),
    began,
    ended,
  });
  const { controller, kept, outputs } = rehearsal;
  const report = buildReport({
    run: { folder: { id: RUN, path: '', journal: '' }, plan },
    records: kept.records(),
    life: { kind: 'none' },
    before: facts,
    ...(controller.facts && { after: controller.facts }),
    outputs: outputs.texts,
    now: ended,
    zone: localZone(),
  });
  // No one did it.
  const marks = report.marks.map(({ by: _by, ...mark }) => mark);
  return { data, report: { ...report, kind: 'rehearsal', marks, gaps: [...report.gaps, ...gapsOf(data)] } };
}

function gapsOf({ notRehearsed, notModelled }: RehearsalData): string[] {
  return [
    ...notRehearsed.map(({ what, as }) => `Not rehearsed: ${what}: ${as}.`),
    ...notModelled.map(({ nodes, fact, path, source = 'nothing', twin = 'nothing' }) => {
      const place = path === '' || path.startsWith('[') ? `${fact}${path}` : `${fact}.${path}`;
      const of = nodes.length === 0 ? '' : ` of ${listNames(nodes, 8)}`;
      return `Not modelled: ${place}${of}: ${source}; the twin has ${twin}.`;
    }),
  ];
}

/** What the lab says about a document is for the operator. */
function asFailure(error: unknown): never {
  if (!(error instanceof Error) || error.name !== 'LabFailure') throw error;
  const detail = 'detail' in error && Array.isArray(error.detail) ? error.detail.map(String) : [];
  throw new Failure('document', `no twin can be made of these facts: ${error.message}`, detail, { cause: error });
}

/** The nodes answered this when they were asked. Their own remedies are of no use here. */
function asUnlike(error: unknown): never {
  if (!(error instanceof FactError)) throw error;
  const { fact, node, command, code, reason = `\`${command}\` exited with ${code}`, stderr } = error;
  throw new Failure(
    'document',
    `no rehearsal of these facts: the twin does not answer as the cluster did: ${fact} of ${node}: ${reason}`,
    [
      ...stderr,
      'No node was changed. Where something had just started, or had not answered, read the facts again in a minute.',
      'Else the simulation lacks what this cluster has: `runbook facts --anonymise -o FILE` makes a file for a report.',
    ],
    { cause: error },
  );
}
