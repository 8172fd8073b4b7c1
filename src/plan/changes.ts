import { stepsOfPhase } from './all-steps.ts';
import { CHANGES_VERSION, type Difference, type PlanChanges, type StepChange } from './changes-schema.ts';
import { canonicalJson } from './digest.ts';
import { estimatePlan } from './estimate.ts';
import { unnumbered } from './key.ts';
import { windowText } from './pace.ts';
import type { Plan, PlanNode, PlanPhase, PlanStep } from './plan.ts';

/** What a plan has that an earlier one has not, and the other way round. Numbers of phases and steps do not count. */
export function comparePlans(before: Plan, after: Plan): PlanChanges {
  const about = [...differencesOf(aboutOf(before), aboutOf(after)), ...phaseDifferences(before, after)];
  const nodes = nodeChanges(before, after);
  const steps = stepChanges(before, after);
  const findings = findingChanges(before, after);
  return {
    version: CHANGES_VERSION,
    cluster: after.inventory.cluster,
    against: { digest: before.digest, createdAt: before.createdAt },
    plan: { digest: after.digest, createdAt: after.createdAt },
    changed: about.length + nodes.length + steps.length + findings.length > 0,
    about,
    nodes,
    steps,
    findings,
    ...(before.expected &&
      after.expected && {
        expected: { before: estimatePlan(before), after: estimatePlan(after) },
      }),
  };
}

type Texts = ReadonlyMap<string, string>;

function aboutOf(plan: Plan): Texts {
  const { runbook, inventory, inputs, limit, window, way, overrides = [], factsDigest, hooks, addons } = plan;
  const short = (digest: string): string => `sha256 ${digest.slice(0, 12)}`;
  const entries: (readonly [string, string | undefined])[] = [
    ['runbook', `${runbook.name}: ${runbook.file} (${short(runbook.digest)})`],
    ['inventory', `${inventory.file} (${short(inventory.digest)})`],
    ...Object.entries(inputs).map(([name, value]) => [`input ${name}`, textOf(value)] as const),
    ['releases', way && [way.from, ...way.through].join(' -> ')],
    ['limited to', limit],
    ['window', window && windowText(window)],
    ...overrides.map(
      ({ guard, node, reason }) => [`override ${guard}${node === undefined ? '' : `@${node}`}`, reason] as const,
    ),
    ['facts (versions, packages, repositories, cordons, membership)', short(factsDigest)],
    ['hooks', hooks && textOf(hooks)],
    ['addons', addons && textOf(addons)],
  ];
  return new Map(entries.flatMap(([what, value]) => (value === undefined ? [] : [[what, value] as const])));
}

function phaseDifferences(before: Plan, after: Plan): Difference[] {
  const [theirs, ours] = [phasesOf(before), phasesOf(after)];
  return [...ours].flatMap(([key, phase]) => {
    const known = theirs.get(key);
    return known === undefined ? [] : differencesOf(paceOf(known, phase.name), paceOf(phase, phase.name));
  });
}

function paceOf({ batches, maxFailures, pause, gate, skipped }: PlanPhase, name: string): Texts {
  const order = batches.map((batch) => batch.join(', ')).join(' | ');
  const values = { order, maxFailures, pause, gate, skipped };
  return new Map(
    Object.entries(values).flatMap(([what, value]) =>
      value === undefined ? [] : [[`phase ${name}: ${what}`, textOf(value)] as const],
    ),
  );
}

function nodeChanges(before: Plan, after: Plan): PlanChanges['nodes'] {
  const texts = ({ nodes }: Plan): Map<string, Texts> => new Map(nodes.map((node) => [node.name, nodeTexts(node)]));
  const [theirs, ours] = [texts(before), texts(after)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((node) => {
    const [was, is] = [theirs.get(node), ours.get(node)];
    const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    const differences = differencesOf(was ?? new Map(), is ?? new Map());
    return differences.length === 0 ? [] : [{ change, node, differences }];
  });
}

function nodeTexts({ name: _name, before, ...rest }: PlanNode): Texts {
  return new Map(Object.entries({ ...rest, ...before }).map(([what, value]) => [what, textOf(value)]));
}

interface PlacedStep {
  readonly phase: string;
  readonly step: PlanStep;
}

function stepChanges(before: Plan, after: Plan): StepChange[] {
  const [theirs, ours] = [placedSteps(before), placedSteps(after)];
  const now = [...ours].flatMap(([key, one]): StepChange[] => {
    const known = theirs.get(key);
    if (known === undefined) return [{ ...changeOf('added', one), differences: differencesOf(new Map(), shown(one)) }];
    const differences = differencesOf(fieldsOf(known.step), fieldsOf(one.step));
    if (differences.length === 0) return [];
    const was = known.step.id === one.step.id ? {} : { was: known.step.id };
    return [{ ...changeOf('changed', one), ...was, differences }];
  });
  const gone = [...theirs]
    .filter(([key]) => !ours.has(key))
    .map(([, one]) => ({ ...changeOf('removed', one), differences: differencesOf(shown(one), new Map()) }));
  return [...now, ...gone];
}

function changeOf(change: StepChange['change'], { phase, step }: PlacedStep) {
  return { change, step: step.id, phase, title: step.title, node: step.node };
}

/** What is shown of a step that only one of the plans has. */
function shown({ step }: PlacedStep): Texts {
  return new Map(
    [...fieldsOf(step)].filter(([what]) => what === 'outcome' || what === 'reason' || what === 'commands'),
  );
}

function fieldsOf(step: PlanStep): Texts {
  const { id: _id, node: _node, asksFor: _later, predicted, commands, ...rest } = step;
  const fields = { ...predicted, commands: commands.join('\n'), ...rest };
  return new Map(Object.entries(fields).flatMap(([what, value]) => (value === '' ? [] : [[what, textOf(value)]])));
}

/** Every step by what it is called, so that it is found again where others came before it. */
function placedSteps(plan: Plan): Map<string, PlacedStep> {
  const steps = new Map<string, PlacedStep>();
  for (const [key, phase] of phasesOf(plan))
    for (const step of stepsOfPhase(phase)) {
      const slug = unnumbered(step.id).replaceAll(/\d+/g, '');
      setFree(steps, `${key}\n${step.node}\n${slug}`, { phase: phase.name, step });
    }
  return steps;
}

/** Phases by their hop's minor release and their name without versions. */
function phasesOf({ phases }: Pick<Plan, 'phases'>): Map<string, PlanPhase> {
  const named = new Map<string, PlanPhase>();
  for (const phase of phases) {
    const minor = phase.hop?.version.split('.').slice(0, 2).join('.') ?? '';
    setFree(named, `${minor}\n${phase.name.replaceAll(/\d+(\.\d+)+/g, '')}`, phase);
  }
  return named;
}

/** Under the key, or where that is taken under it with a number. */
function setFree<V>(map: Map<string, V>, key: string, value: V): void {
  let number = 1;
  while (map.has(`${key}\n${number}`)) number += 1;
  map.set(`${key}\n${number}`, value);
}

function findingChanges(before: Plan, after: Plan): PlanChanges['findings'] {
  const byText = ({ findings }: Plan) =>
    new Map(findings.map((one) => [canonicalJson({ ...one, step: one.step && unnumbered(one.step) }), one]));
  const [theirs, ours] = [byText(before), byText(after)];
  return [
    ...[...ours].flatMap(([key, finding]) => (theirs.has(key) ? [] : [{ change: 'new' as const, finding }])),
    ...[...theirs].flatMap(([key, finding]) => (ours.has(key) ? [] : [{ change: 'gone' as const, finding }])),
  ];
}

function differencesOf(before: Texts, after: Texts): Difference[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const [was, is] = [before.get(what), after.get(what)];
    if (was === is) return [];
    return [{ what, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}
