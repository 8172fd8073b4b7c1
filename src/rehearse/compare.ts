import type { ClockFact } from '../facts/clock.ts';
import type { Facts } from '../facts/facts.ts';
import { decidingFacts } from '../facts/lib/deciding.ts';
import { leavesOf } from './leaves.ts';

/** One value that the twin does not have as its source has it. */
export interface Difference {
  /** By its name in the inventory; undefined: of the cluster. */
  readonly node?: string;
  readonly fact: string;
  /** Within the fact, or empty. */
  readonly path: string;
  /** Undefined: it is not there. */
  readonly source?: unknown;
  readonly twin?: unknown;
}

export interface Comparison {
  /** How many values are equal. */
  readonly equal: number;
  /** What the twin does not model, or has and its source has not. */
  readonly differs: readonly Difference[];
  /** Of what a plan stands on (decidingFacts): paths that differ. None, or the twin is not one to rehearse on. */
  readonly deciding: readonly Difference[];
}

/** Facts that only a plan asks for: the twin has what it needs of them, and nobody reads them of it alike. */
const asked = new Set(['targetKubeadm']);

/** Compares the facts that were read of a twin with those that it was made from, as far as those go. */
export function compareFacts(source: Facts, twin: Facts): Comparison {
  const differs: Difference[] = [];
  let equal = 0;
  const compare = (
    left: Readonly<Record<string, unknown>>,
    right: Readonly<Record<string, unknown>>,
    node?: string,
  ) => {
    for (const [fact, value] of Object.entries(left)) {
      if (value === undefined || asked.has(fact)) continue;
      const found = fact === 'clock' ? clockDifferences(value, right[fact]) : differencesOf(fact, value, right[fact]);
      equal += found.equal;
      differs.push(...found.differs.map((one) => (node === undefined ? one : { node, ...one })));
    }
  };
  for (const [name, facts] of Object.entries(source.nodes)) compare(facts, twin.nodes[name] ?? {}, name);
  if (source.cluster) compare(source.cluster, twin.cluster ?? {});
  const decide = decidingDifferences(source, twin);
  return { equal, differs, deciding: decide };
}

function differencesOf(fact: string, source: unknown, twin: unknown) {
  const [left, right] = [leavesOf(fact, source), leavesOf(fact, twin)];
  const differs: Difference[] = [];
  let equal = 0;
  for (const path of new Set([...left.keys(), ...right.keys()])) {
    const [a, b] = [left.get(path), right.get(path)];
    if (a === b) equal += 1;
    else
      differs.push({
        fact,
        path: path.slice(fact.length).replace(/^\./, ''),
        ...(a === undefined ? {} : { source: a }),
        ...(b === undefined ? {} : { twin: b }),
      });
  }
  return { equal, differs };
}

/** How far a clock is off is measured as a range: two of them agree where they have a moment in common. */
function clockDifferences(source: unknown, twin: unknown) {
  const [left, right] = [source, twin].map((value) => value as ClockFact | undefined);
  const agree =
    left?.least === undefined ||
    left.most === undefined ||
    (right?.least !== undefined && right.most !== undefined && right.least <= left.most && right.most >= left.least);
  return agree ? { equal: 1, differs: [] } : differencesOf('clock', source, twin);
}

/** What was not read of the source at all decides nothing. */
function decidingDifferences(source: Facts, twin: Facts): Difference[] {
  const [left, right] = [decidingFacts(source), decidingFacts(twin)];
  const read = new Set([...leavesOf('deciding', left).keys()].map((path) => topicOf(path.slice('deciding.'.length))));
  return differencesOf('deciding', left, right).differs.flatMap((one) => {
    if (!read.has(topicOf(one.path))) return [];
    const [, node, fact = '', rest = ''] = NODE_TOPIC.exec(one.path) ?? [];
    return [node === undefined ? { ...one, fact: 'cluster' } : { ...one, node, fact, path: rest }];
  });
}

const NODE_TOPIC = /^nodes\.(.+?)\.([a-zA-Z]+)(?:[.[](.*))?$/;

/** `nodes.cp1.packages`, `cluster.versions.apiServers` */
function topicOf(path: string): string {
  const [, node, fact] = NODE_TOPIC.exec(path) ?? [];
  return node === undefined ? path.split('.').slice(0, 3).join('.') : `nodes.${node}.${fact ?? ''}`;
}

/** One line for people: `worker-1 kubeletSetup.flags[0].name: node-ip, on the twin nothing`. */
export function differenceText({ node, fact, path, source, twin }: Difference): string {
  const at = path === '' ? fact : `${fact}${path.startsWith('[') ? '' : '.'}${path}`;
  return `${node === undefined ? '' : `${node} `}${at}: ${valueText(source)}, on the twin ${valueText(twin)}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text === '' ? 'empty' : text;
}
