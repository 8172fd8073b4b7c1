import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/event.ts';
import { stepKey } from '../../src/plan/key.ts';
import type { Plan, PlanPhase, PlanStep } from '../../src/plan/plan.ts';
import { placeName } from '../../src/render/place.ts';
import { renderFindings, renderNodePlan, renderPlan } from '../../src/render/plan.ts';
import { stepName } from '../../src/render/text.ts';
import { planFor } from '../plan/scale.ts';
import { readPage } from './read-page.ts';

const LOOK = { color: false, unicode: true, verbose: false, columns: 80 };
const WIDE = { ...LOOK, columns: 100_000 };

let small: Plan;
beforeAll(async () => {
  small = (await planFor(23)).plan;
});

/** That plan with so many nodes: its second worker over and over. */
function widened(plan: Plan, nodes: number): Plan {
  const more = Array.from({ length: nodes - plan.nodes.length }, (_, index) => `worker-${index + 21}`);
  const copies = <T extends object>(all: readonly T[], isModel: (one: T) => boolean): T[] => {
    const models = all.filter(isModel).map((one) => JSON.stringify(one));
    return more.flatMap((name) =>
      models.map((model): T =>
        JSON.parse(model.replaceAll(/\bworker-2\b/g, name).replaceAll('10.20.0.2"', `10.20.1.${name.slice(7)}"`)),
      ),
    );
  };
  const isModel = ({ node }: { readonly node?: string | undefined }): boolean => node === 'worker-2';
  return {
    ...plan,
    nodes: [...plan.nodes, ...copies(plan.nodes, ({ name }) => name === 'worker-2')],
    findings: [...plan.findings, ...copies(plan.findings, isModel)],
    phases: plan.phases.map((phase) => {
      const own = copies(phase.steps, isModel);
      const names = own.length === 0 ? [] : more;
      const batches =
        phase.batches.length === 1
          ? [[...phase.batches.flat(), ...names]]
          : [...phase.batches, ...names.map((name) => [name])];
      return { ...phase, batches, steps: [...phase.steps, ...own] };
    }),
  };
}

/** What must be known of each step, from the plan itself. */
function known({ phases, findings }: Plan) {
  return new Map(
    phases.flatMap(({ steps }) =>
      steps.map((step) => {
        const { id, node, title, check, commands, predicted } = step;
        const notes = findings.filter((one) => one.guard === 'drain-forecast' && one.node === node && one.step === id);
        const lines = [
          ...(predicted.reason === '' ? [] : [predicted.reason]),
          ...(check === undefined ? [] : [`check on ${placeName(step.place) ?? node}: ${check}`]),
          ...commands.map((command) => `$ ${command}`),
          ...notes.map(({ summary, remedy }) => `forecast: ${summary.replace(`draining ${node}: `, '')}. ${remedy}`),
        ];
        return [stepKey(node, id), { outcome: predicted.outcome, name: stepName({ step: id, title }), lines }] as const;
      }),
    ),
  );
}

/** A forecast whose policy is on a line of its own is one line again. */
function asKnown(page: string) {
  return new Map(
    [...readPage(page)].map(([key, { outcome, name, lines }]) => {
      const joined = lines.reduce<string[]>((all, line) => {
        const last = all.at(-1);
        const isRest = last?.startsWith('forecast: ') === true && line.startsWith('Waits ');
        return isRest ? [...all.slice(0, -1), `${last}. ${line}`] : [...all, line];
      }, []);
      return [key, { outcome, name, lines: joined }] as const;
    }),
  );
}

/** That plan as the first of three hops; the others do the same with releases of their own. */
function hopped(plan: Plan): Plan {
  const releases = ['1.31.9', '1.32.9', '1.33.5', '1.34.1'];
  const count = plan.phases.length;
  const moved = <T extends object>(one: T, by: number): T => {
    const minors = releases.map((release) => release.slice(0, 4));
    const text = JSON.stringify(one)
      .replaceAll(/(?<![0-9.])(1\.3[12]\.9)(?![0-9])/g, (word) => releases[releases.indexOf(word) + by] ?? word)
      .replaceAll(/(?<![0-9.])(1\.3[12])(?![0-9.])/g, (word) => minors[minors.indexOf(word) + by] ?? word)
      .replaceAll(/"(?:id|step|asksFor)":"(\d+)\./g, (word, number: string) =>
        word.replace(`"${number}.`, `"${Number(number) + by * count}.`),
      );
    return JSON.parse(text);
  };
  const phases = [0, 1, 2].flatMap((by) =>
    plan.phases.map((phase): PlanPhase => {
      const version = releases[by + 1] ?? '';
      const number = phase.number + by * count;
      return {
        ...moved(phase, by),
        number,
        name: `${version}: ${phase.name}`,
        hop: { version, first: by === 0, last: by === 2 },
      };
    }),
  );
  const findings = [0, 1, 2].flatMap((by) => plan.findings.map((finding) => moved(finding, by)));
  return { ...plan, way: { from: '1.31.9', through: releases.slice(1) }, phases, findings };
}

function changed(plan: Plan, change: (step: PlanStep) => PlanStep): Plan {
  const inPhase = (phase: PlanPhase): PlanPhase => ({ ...phase, steps: phase.steps.map(change) });
  return { ...plan, phases: plan.phases.map(inPhase) };
}

describe('the page of a plan', () => {
  it.each([23, 300, 1000])('has at most 120 lines of 80 columns with %i nodes, made in no time', (nodes) => {
    const plan = widened(small, nodes);
    const before = process.cpuUsage();
    const page = renderPlan(plan, LOOK);
    const { user, system } = process.cpuUsage(before);
    expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
    expect((user + system) / 1000).toBeLessThan(nodes * 4 + 500);
    for (const { steps } of plan.phases) for (const { id } of steps) expect(page).toContain(id);
  });

  it('tells the outcome, the commands and the reason of each step on each node', () => {
    const plan = widened(small, 60);
    expect(asKnown(renderPlan(plan, WIDE))).toEqual(known(plan));
  });

  it('shows what hops do alike once, with the releases of each', () => {
    const plan = hopped(small);
    const one = renderPlan(small, LOOK).split('\n').length;
    const page = renderPlan(plan, LOOK);
    expect(page.split('\n').length).toBeLessThan(one * 2);
    expect(page).toMatch(/^ {4}. change +\d+\.2-install-packages kubeadm: as 3\.2, from 1\.32\.9 to 1\.33\.5$/m);
    expect(asKnown(renderPlan(plan, WIDE))).toEqual(known(plan));
  });

  it('shows whole what only one hop has, or has with another release', () => {
    const plan = hopped(small);
    const last = plan.phases.at(-1)?.number ?? 0;
    const other = changed(plan, (step) => {
      if (!step.id.endsWith('-install-packages') || Number(step.id.split('.')[0]) <= last / 3) return step;
      return { ...step, commands: step.commands.map((command) => command.replace('1.33.5', '1.32.9')) };
    });
    expect(asKnown(renderPlan(other, WIDE))).toEqual(known(other));
    const run = changed(plan, (step) =>
      step.id.endsWith('-drain') ? { ...step, action: 'run', script: `drain ${step.id}` } : step,
    );
    expect(renderPlan(run, WIDE)).not.toMatch(/drain: as .*, from /);
  });

  it('hides nothing that differs: it can be read back whatever nodes differ in', () => {
    const words = fc.constantFrom(
      '1.31.9',
      '1.31.8',
      'v1',
      '7 pods',
      '1 pod',
      'a (b)',
      'x; y on z',
      '<node',
      'held: kubelet',
    );
    const change = fc.record({
      node: fc.integer({ min: 0, max: 22 }),
      step: fc.nat(),
      word: words,
      what: fc.constantFrom(
        'reason',
        'outcome',
        'command',
        'first-command',
        'no-command',
        'check',
        'forecast',
        'missing',
        'own-name',
      ),
    });
    const bare = changed(small, ({ script: _script, ...step }) => step);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
        let plan = bare;
        for (const { node, step, word, what } of changes) {
          const name = small.nodes[node]?.name ?? '';
          const all = plan.phases.flatMap(({ steps }) => steps).filter((one) => one.node === name);
          const target = all[step % Math.max(1, all.length)];
          if (!target) continue;
          plan = altered(plan, target, what, word);
        }
        expect(asKnown(renderPlan(plan, WIDE))).toEqual(known(plan));
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['its condition', (step: PlanStep) => ({ ...step, if: "node.vars.rack == 'b'" }), "if node.vars.rack == 'b'"],
    ['its time limit', (step: PlanStep) => ({ ...step, timeout: 61_000 }), 'time limit 61s'],
    ['a variable', (step: PlanStep) => ({ ...step, env: { RACK: 'b' } }), 'env RACK=b'],
    ['its options', (step: PlanStep) => ({ ...step, with: { ...step.with, force: true } }), 'with force: true'],
    ['its script', (step: PlanStep) => ({ ...step, script: `${step.script ?? ''}sync\n` }), '│ sync'],
  ])('names the one node that differs in %s, though that is not shown of the others', (_what, change, shown) => {
    const plan = changed(small, (step) =>
      step.node === 'worker-7' && step.id.endsWith('-drain') ? change(step) : step,
    );
    const before = renderPlan(small, WIDE).split('\n');
    const difference = renderPlan(plan, WIDE)
      .split('\n')
      .filter((line) => !before.includes(line));
    expect(difference.join('\n')).toContain('worker-7');
    expect(difference.join('\n')).toContain(shown);
  });

  it.each([
    ['a variable', (value: string) => ({ env: { RACK: value } })],
    ['a variable that is filled late', (value: string) => ({ deferred: { RACK: value } })],
    ['a secret', (value: string) => ({ secrets: { RACK: value } })],
    ['its condition', (value: string) => ({ if: `node.vars.rack == '${value}'` })],
    ['its options', (value: string) => ({ with: { rack: value } })],
  ])('takes no text of %s for the own name of a node', (_what, part) => {
    const plan = changed(small, (step) => {
      if (!step.id.endsWith('-drain')) return step;
      return { ...step, ...part(step.node === 'worker-7' ? 'worker-7' : '<node>') };
    });
    const page = renderPlan(plan, WIDE);
    expect(page).toMatch(/^ *only worker-7: .*worker-7/m);
    expect(page).toContain("{node}: each node's own name");
  });

  it('says once what many nodes have with values of their own', () => {
    const plan = changed(widened(small, 300), (step) =>
      step.id.endsWith('-drain')
        ? { ...step, commands: [`lb out ${step.node} --rack r${Number(step.node.split('-')[1]) % 4}`] }
        : step,
    );
    const page = renderPlan(plan, LOOK);
    expect(page).toContain('        $ lb out <node> --rack <1>\n          <1>: r1 on worker-1, worker-5,');
    expect(asKnown(renderPlan(plan, WIDE))).toEqual(known(plan));
  });

  it('shows findings of many nodes once, with their nodes', () => {
    const note = (node: string, summary: string): Finding => ({
      guard: 'swap',
      severity: 'warn',
      node,
      summary,
      remedy: `swapoff on ${node}`,
      source: 'kubelet',
    });
    const findings = [...small.nodes.map(({ name }) => note(name, `${name} swaps`)), note('cp-2', 'cp-2 has zram')];
    const page = renderPlan({ ...small, findings }, LOOK);
    expect(page).toContain(
      '▲ warning: cp-[1:3], worker-[1:20]: <node> swaps (swap)\n▲ warning: cp-2: cp-2 has zram (swap)\n    do: swapoff on <node>\n',
    );
  });

  it('has all findings in a few lines for `apply`, the forecasts of drains too', () => {
    const { refused, others } = renderFindings(widened(small, 300), LOOK);
    expect(refused).toBe('');
    expect(others.trimEnd().split('\n').length).toBeLessThan(24);
    expect(others).toMatch(/^• note: worker-\[1:297\] 6\.4-drain: draining <node>: \d+ pods move/m);
  });

  it('shows one node whole, with its own name and nothing of the others', () => {
    const page = renderNodePlan(small, 'worker-3', WIDE);
    expect(page).toContain('  worker-3  10.20.0.3, worker\n');
    expect(page).not.toMatch(/<node>|as \d|^ *only|worker-4  /m);
    const own = small.phases.flatMap(({ steps }) => steps).filter(({ node }) => node === 'worker-3');
    for (const { id, commands } of own) for (const text of [id, ...commands]) expect(page).toContain(text);
  });
});

function altered(plan: Plan, target: PlanStep, what: string, word: string): Plan {
  const isTarget = (step: PlanStep): boolean => step.node === target.node && step.id === target.id;
  const edit = (change: (step: PlanStep) => PlanStep): Plan =>
    changed(plan, (step) => (isTarget(step) ? change(step) : step));
  switch (what) {
    case 'reason':
      return edit((step) => ({
        ...step,
        predicted: { ...step.predicted, reason: `kubelet is at ${word}, not 1.32.9` },
      }));
    case 'outcome':
      return edit((step) => ({ ...step, predicted: { outcome: 'unchanged', reason: `is at ${word}` } }));
    case 'command':
      return edit((step) => ({ ...step, commands: [...step.commands, `echo ${word}`] }));
    case 'first-command':
      return edit((step) => ({ ...step, commands: [`echo ${word} first`, ...step.commands] }));
    case 'no-command':
      return edit((step) => ({ ...step, commands: step.commands.slice(1) }));
    case 'check':
      return edit((step) => ({ ...step, check: `test -e ${word}` }));
    case 'own-name':
      return edit((step) => ({ ...step, commands: [`lb out ${step.node} 10.0.0.1 worker-1`] }));
    case 'missing':
      return {
        ...plan,
        phases: plan.phases.map((phase) => ({ ...phase, steps: phase.steps.filter((step) => !isTarget(step)) })),
      };
    default:
      return {
        ...plan,
        findings: plan.findings.map((one) =>
          one.guard === 'drain-forecast' && one.node === target.node
            ? { ...one, summary: `draining ${target.node}: ${word} moves` }
            : one,
        ),
      };
  }
}
