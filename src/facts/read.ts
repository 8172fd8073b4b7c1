import { randomUUID } from 'node:crypto';
import { clockBetween, timed } from './clock.ts';
import { type Fact, FactError, type FactOptions, type Probe } from './fact.ts';
import type { ClusterFactId, ClusterFacts, FactId, NodeFactId, NodeFacts, ValuesOf } from './facts.ts';
import { type Framed, type FramePart, aloneScript, frameScript, unframe } from './lib/frame.ts';
import { interruptedHint } from './lib/interrupted-kubeadm.ts';
import { kubectl } from './lib/kubectl.ts';
import { clusterFacts, nodeFacts } from './registry.ts';

type Readers<Values> = { readonly [K in keyof Values]: Fact<Values[K]> };
const nodeReaders: Readers<ValuesOf<typeof nodeFacts>> = nodeFacts;
const clusterReaders: Readers<ValuesOf<typeof clusterFacts>> = clusterFacts;

/** Reads facts of one machine by one script. @throws FactError for the first that cannot be read */
export async function readNodeFacts(
  probe: Probe,
  ids: readonly NodeFactId[],
  options: FactOptions,
): Promise<NodeFacts> {
  const wanted = [...new Set(ids)];
  const parts = wanted.map((id) => partOf(id, nodeReaders[id], options));
  const { run, times } = timed(probe, options.now ?? Date.now);
  const answers = await askNode(run, parts, options);
  const facts: { -readonly [K in NodeFactId]?: NodeFacts[K] } = {};
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it ties a fact's reader to its place
  const take = <K extends NodeFactId>(id: K) => {
    try {
      facts[id] = understand(id, nodeReaders[id], answers.get(id), options);
    } catch (error) {
      if (options.asFarAsThere !== true || answers.get(id)?.code === undefined) throw error;
    }
  };
  for (const id of wanted) take(id);
  if (facts.clock) {
    const output = (id: string) => answers.get(id)?.stdout ?? '';
    facts.clock = clockBetween({ first: output('clock'), last: output(LAST), ...times });
  }
  return withoutUndefined(facts);
}

async function askNode(run: Probe, parts: readonly FramePart[], { probeEach }: FactOptions) {
  const hasClock = parts.some(({ id }) => id === 'clock');
  if (!probeEach) return ask(run, hasClock ? betweenClocks(parts) : parts);
  const others = parts.filter(({ id }) => id !== 'clock');
  const printed = await probeEach(others.map(aloneScript));
  return new Map([
    ...others.map(({ id }, index): [string, Framed] => [
      id,
      { id, stdout: '', stderr: '', code: undefined, ...printed[index] },
    ]),
    ...(hasClock ? await ask(run, betweenClocks(parts.filter(({ id }) => id === 'clock'))) : []),
  ]);
}

/** The second reading of the clock. */
const LAST = 'clock-last';

function betweenClocks(parts: readonly FramePart[]): FramePart[] {
  const ofClock = parts.filter(({ id }) => id === 'clock');
  return [...ofClock, ...parts.filter(({ id }) => id !== 'clock'), ...ofClock.map((part) => ({ ...part, id: LAST }))];
}

/**
 * Reads facts of the cluster where kubectl runs: by one script, and by a second one those that need others.
 * @throws FactError for the first that cannot be read
 */
export async function readClusterFacts(
  probe: Probe,
  ids: readonly ClusterFactId[],
  options: FactOptions,
): Promise<ClusterFacts> {
  const wanted = [...new Set(ids)];
  const needsOf = (id: ClusterFactId) => clusterReaders[id].needs?.(options);
  const first = new Set([...wanted.flatMap((id) => needsOf(id) ?? []), ...wanted].filter((id) => !needsOf(id)));
  // A silent API server would keep every question waiting for its own time limit, one after another.
  const gate = `${kubectl(options.kubeconfig, 'get --raw /version')} || { ${interruptedHint}; false; }`;
  const earlier = await readTogether(probe, [...first], options, gate);
  const later = await readTogether(probe, wanted.filter(needsOf), { ...options, earlier });
  const facts: { -readonly [K in ClusterFactId]?: ClusterFacts[K] } = { ...earlier, ...later };
  for (const id of first) if (!wanted.includes(id)) delete facts[id];
  return withoutUndefined(facts);
}

async function readTogether(probe: Probe, ids: readonly ClusterFactId[], options: FactOptions, gate?: string) {
  const facts: { -readonly [K in ClusterFactId]?: ClusterFacts[K] } = {};
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it ties a fact's reader to its place
  const isKnown = <K extends ClusterFactId>(id: K) => {
    const value = options.known?.value(id, options);
    if (value !== undefined) facts[id] = value;
    return value !== undefined;
  };
  const asked = ids.filter((id) => !isKnown(id));
  const parts = asked.map((id) => partOf(id, clusterReaders[id], options));
  const answers = await ask(probe, parts, gate);
  // Nothing is known of a cluster whose API server does not answer.
  const [first] = ids;
  const isOpen = parts.length > 0 || gate === undefined || (await options.known?.isAnswering(options));
  if (isOpen !== true && first !== undefined) await requireGate(probe, first, gate, options);
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it ties a fact's reader to its place
  const take = <K extends ClusterFactId>(id: K) => {
    facts[id] = understand(id, clusterReaders[id], answers.get(id), options);
  };
  for (const id of asked) take(id);
  return withoutUndefined(facts);
}

/** @throws FactError, as if the fact had been asked for, where the gate is closed */
async function requireGate(probe: Probe, id: ClusterFactId, gate: string, options: FactOptions): Promise<void> {
  const fact: Fact<unknown> = clusterReaders[id];
  const { code, stdout, stderr } = await probe(frameScript('', [], gate));
  if (code !== 0) understand(id, fact, { id, code, stdout, stderr }, options);
}

function partOf(id: FactId, fact: Fact<unknown>, options: FactOptions): FramePart {
  return { id, script: fact.script(options), ...(fact.filter === undefined ? {} : { filter: fact.filter }) };
}

async function ask(probe: Probe, parts: readonly FramePart[], gate?: string): Promise<Map<string, Framed>> {
  if (parts.length === 0) return new Map();
  const marker = `fact-${randomUUID()}`;
  const result = await probe(frameScript(marker, parts, gate));
  const ids = parts.map((part) => part.id);
  return new Map(
    unframe(marker, ids, result.stdout, result.stderr).map((framed) => [
      framed.id,
      // Nothing of it ran: what the script's own end says is all that is known.
      framed.code === undefined && result.code !== 0 ? { ...framed, code: result.code } : framed,
    ]),
  );
}

function understand<T>(id: FactId, fact: Fact<T>, framed: Framed | undefined, options: FactOptions): T {
  const evidence = {
    node: options.host ?? 'the node',
    fact: id,
    command: fact.command,
    code: framed?.code ?? -1,
    stderr: lastLines(framed?.stderr ?? ''),
    remedy: fact.remedy,
  };
  if (framed?.code === undefined) throw new FactError({ ...evidence, reason: 'its output was interrupted' });
  if (framed.code !== 0) throw new FactError(evidence);
  try {
    return fact.parse(framed.stdout, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FactError({ ...evidence, reason: `\`${fact.command}\`: ${reason}` }, { cause: error });
  }
}

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-5);
}

function withoutUndefined<T extends object>(facts: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Each member was set by a parser that never returns undefined.
  return facts as { [K in keyof T]: Exclude<T[K], undefined> };
}
