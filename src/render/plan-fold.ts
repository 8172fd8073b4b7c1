import type { Finding } from '../event.ts';
import type { Plan, PlanPhase, PlanStep, Prediction } from '../plan/plan.ts';
import { asWritten } from '../plan/deferred.ts';
import { stepKey } from '../plan/key.ts';
import { type Folded, foldLines, type Piece } from './fold-lines.ts';
import { groupBy } from './group.ts';
import { placeName } from './place.ts';
import { type HopPair, hopPair, withoutReleases } from './plan-hops.ts';
import type { OwnNames } from './plan-names.ts';
import { duration, sanitize, stepName } from './text.ts';

/** A step of a phase as it is on the nodes for which its outcome is the same. */
export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly outcome: Prediction['outcome'];
  /** In the order of work. */
  readonly nodes: readonly string[];
  readonly lines: readonly Folded[];
  /** An earlier step with the same lines and details. */
  readonly as?: string;
  /** The releases of its own hop, which stand in place of those of that step's hop. */
  readonly hop?: HopPair;
}

/** Notes on one step that are printed beside it, not with the others. */
const BESIDE = 'drain-forecast';

export function isBeside({ guard, step }: Finding): boolean {
  return guard === BESIDE && step !== undefined;
}

/** Those notes by their step's key. */
export function forecastsOf(plan: Plan): ReadonlyMap<string, readonly Finding[]> {
  return groupBy(plan.findings.filter(isBeside), ({ node = '', step = '' }) => stepKey(node, step));
}

/** Folds the steps of a plan's phases, one after the other: it knows the steps of those before. */
export class PlanFold {
  readonly #names: OwnNames;
  readonly #forecasts: ReadonlyMap<string, readonly Finding[]>;
  readonly #before = new Map<string, string>();
  /** Steps of earlier hops, by what they are apart from releases. */
  readonly #hopsBefore = new Map<string, string>();
  readonly #plan: Plan;

  constructor(plan: Plan, names: OwnNames) {
    this.#plan = plan;
    this.#names = names;
    this.#forecasts = forecastsOf(plan);
  }

  /** @param steps of the phase, in the order of work of each node */
  entries(phase: PlanPhase, steps: readonly PlanStep[]): Entry[] {
    const order = new Map(phase.batches.flat().map((name, index) => [name, index]));
    const sorted = [...steps].sort((one, other) => (order.get(one.node) ?? 0) - (order.get(other.node) ?? 0));
    const byId = groupBy(sorted, ({ id }) => id);
    return idsInOrder(sorted).flatMap((id) => {
      const groups = groupBy(
        byId.get(id) ?? [],
        ({ node, title, predicted }) => `${predicted.outcome} ${this.#names.shared(title, node)}`,
      );
      const hop = hopPair(this.#plan, phase);
      return [...groups.values()].map((group) => this.#entry(group, hop));
    });
  }

  #entry(steps: readonly PlanStep[], hop: HopPair | undefined): Entry {
    const [first] = steps;
    if (!first) throw new Error('a group of steps is empty');
    const shared = (text: string, { node }: PlanStep): string => this.#names.shared(text, node);
    const asItIs = (text: string): string => text;
    const texts = steps.map((step) => JSON.stringify(this.#pieces(step, asItIs)));
    const isSame = texts.every((text) => text === texts[0]);
    const own = new Map(
      steps.map((step) => [step.node, this.#pieces(step, isSame ? asItIs : (text) => shared(text, step))]),
    );
    let marks = 0;
    const nextMark = (): string => this.#names.mark((marks += 1));
    const lines = [...foldLines(own, nextMark), ...this.#differences(steps, nextMark)].map((line) => this.#named(line));
    const isWhole = lines.every((line) => line.nodes.length === steps.length && line.values.length === 0);
    const name = stepName({ step: first.id, title: isSame ? first.title : shared(first.title, first) });
    const entry = {
      id: first.id,
      name,
      outcome: first.predicted.outcome,
      nodes: steps.map((step) => step.node),
      lines,
    };
    if (lines.length < 2) return entry;
    const seen = [shared(first.title, first), detailsOf(first)];
    const pieces = this.#pieces(first, (text) => shared(text, first));
    const script = shared(first.script ?? '', first);
    const key = JSON.stringify([entry.outcome, pieces, seen, script]);
    const as = isWhole ? this.#before.get(key) : undefined;
    if (as !== undefined) return { ...entry, as };
    // What an action makes of the same options for another release is its own; a runbook's commands are as written.
    const chosen = [...seen, shared(JSON.stringify(first.with), first), first.action === 'run' ? script : first.action];
    const apart = isWhole ? JSON.stringify([entry.outcome, pieces, chosen]) : partKey(entry, chosen);
    const ofHop = hop && this.#ofHop(apart, first.id, hop);
    if (hop && ofHop !== undefined) return { ...entry, as: ofHop, hop };
    if (isWhole) this.#before.set(key, first.id);
    return entry;
  }

  /** The step of an earlier hop that is the same but for the releases; else this one is kept for later hops. */
  #ofHop(key: string, id: string, hop: HopPair): string | undefined {
    const apart = withoutReleases(key, hop);
    const as = this.#hopsBefore.get(apart);
    if (as === undefined) this.#hopsBefore.set(apart, id);
    return as;
  }

  #named(line: Folded): Folded {
    const [node, ...others] = line.nodes;
    return node === undefined || others.length > 0 ? line : { ...line, text: this.#names.own(line.text, node) };
  }

  /** What is always shown of a step: why, and what runs. */
  #pieces(step: PlanStep, shared: (text: string) => string): Piece[] {
    const { commands, predicted } = step;
    const found = this.#forecasts.get(stepKey(step.node, step.id)) ?? [];
    return [
      ...(predicted.reason === '' ? [] : [{ kind: 'reason', text: shared(sanitize(predicted.reason)) }]),
      ...checkTexts(step).map((text) => ({ kind: 'check', text: shared(text) })),
      ...commands.flatMap((command) => linePieces('command', shared(command))),
      ...found.flatMap(({ summary, remedy }) => [
        { kind: 'forecast', text: shared(sanitize(summary.replace(`draining ${step.node}: `, ''))) },
        { kind: 'policy', text: shared(sanitize(remedy)) },
      ]),
    ];
  }

  /** What -v shows of each step, as far as it is not the same for all of these nodes. */
  #differences(steps: readonly PlanStep[], nextMark: () => string): Folded[] {
    if (steps.length < 2) return [];
    const details = new Map(
      steps.map((step) => [
        step.node,
        detailsOf(step).map((text) => ({ kind: 'detail', text: this.#names.shared(text, step.node) })),
      ]),
    );
    return [...differing(foldLines(details, nextMark), steps.length), ...this.#scripts(steps, nextMark)];
  }

  /** Lines of scripts that differ where the commands shown do not. */
  #scripts(steps: readonly PlanStep[], nextMark: () => string): Folded[] {
    const alike = groupBy(steps, ({ node, commands }) =>
      commands.map((command) => this.#names.shared(command, node)).join('\n'),
    );
    return [...alike.values()].flatMap((group): Folded[] => {
      const [first] = group;
      if (group.every((step) => step.script === first?.script && hasSame(step.with, first?.with))) return [];
      const hidden = group.map(({ node, script = '', with: options }) =>
        this.#names.shared(`${JSON.stringify(options)}${script}`, node),
      );
      if (hidden.every((text) => text === hidden[0])) return [];
      const scripts = new Map(group.map((step) => [step.node, this.#hiddenPieces(step)]));
      return differing(foldLines(scripts, nextMark), group.length);
    });
  }

  #hiddenPieces(step: PlanStep): Piece[] {
    const options = Object.entries(step.with).map(([name, value]) => `with ${name}: ${JSON.stringify(value)}`);
    return [
      ...options.map((text) => ({ kind: 'detail', text: this.#names.shared(text, step.node) })),
      ...(step.script?.trimEnd().split('\n') ?? []).map((text) => ({
        kind: 'script',
        text: this.#names.shared(text, step.node),
      })),
    ];
  }
}

/** What is said of a step whose lines are not all of all its nodes. */
function partKey({ outcome, nodes, lines }: Entry, own: unknown): string {
  const texts = lines.map((line) => ({ ...line, values: line.values.map(({ mark, of }) => [mark, ...of]) }));
  return JSON.stringify([outcome, nodes, texts, own]);
}

function differing(lines: readonly Folded[], nodes: number): Folded[] {
  return lines.filter((line) => line.nodes.length < nodes || line.values.length > 0);
}

/** It runs while planning too where it can, so it is shown like a command. */
export function checkTexts({ place, node, check, deferred }: PlanStep): string[] {
  const lines = check === undefined ? [] : asWritten(check, deferred).trimEnd().split('\n');
  return lines.map((text, index) => (index > 0 ? `    ${text}` : `check on ${placeName(place) ?? node}: ${text}`));
}

function linePieces(kind: string, text: string): Piece[] {
  return text.split('\n').map((line, index) => ({ kind: index === 0 ? kind : `${kind}-more`, text: line }));
}

/** A step's limits, conditions and variables, each in words. */
export function detailsOf(step: PlanStep): string[] {
  const limit = step.timeout === 0 ? 'none' : `${step.timeout / 1000}s`;
  const pause = step.retryDelay === undefined ? '' : ` after ${duration(step.retryDelay)} each`;
  return [
    `time limit ${limit}, then ${step.onTimeout}; retries ${step.retries}${pause}; effect ${step.effect}`,
    ...(step.undoneBy === undefined ? [] : [`done again by resume where ${step.undoneBy} has undone it`]),
    ...(step.continueOnError === true ? ['if it fails, the node continues'] : []),
    ...(step.rehearse === undefined ? [] : [`a rehearsal takes of it: ${JSON.stringify(step.rehearse)}`]),
    ...(step.once === true ? ['its results count for all nodes'] : []),
    ...(step.shell === undefined ? [] : [`its check runs under ${step.shell}`]),
    ...(step.place === 'node' ? [] : [`runs on ${placeName(step.place) ?? step.place}`]),
    ...(step.if === undefined ? [] : [`if ${step.if}`]),
    ...Object.entries({ ...step.env, ...step.deferred }).flatMap(([name, value]) =>
      value
        .trimEnd()
        .split('\n')
        .map((line, index) => `env ${index === 0 ? `${name}=` : '  '}${line}`),
    ),
    ...Object.entries(step.secrets ?? {}).map(([name, input]) => `secret ${name}: a file with the input ${input}`),
    ...Object.entries(step)
      .filter(([key]) => !NAMED.has(key))
      .map(([key, value]) => `${key} ${JSON.stringify(value)}`),
  ];
}

/** What a step has that is shown in other words; what is added to a step is shown by its own name. */
const NAMED: ReadonlySet<string> = new Set(
  'id node title action with place effect timeout onTimeout retries env secrets if check commands script predicted asksFor ref retryDelay undoneBy continueOnError shell deferred once rehearse'.split(
    ' ',
  ),
);

function hasSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Every id once; a step that some nodes lack keeps its place. */
function idsInOrder(steps: readonly PlanStep[]): string[] {
  const ids: string[] = [];
  for (const own of groupBy(steps, ({ node }) => node).values())
    for (const [index, { id }] of own.entries())
      if (!ids.includes(id)) ids.splice(index === 0 ? 0 : ids.indexOf(own[index - 1]?.id ?? '') + 1, 0, id);
  return ids;
}
