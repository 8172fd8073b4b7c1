import type { FactSource } from '../engine/fact-source.ts';
import { FactError } from '../facts/fact.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { isClusterFact, isNodeFact } from '../facts/lib/kinds.ts';
import { Failure } from '../failure.ts';
import type { Finding } from '../guards/guard.ts';
import { ConnectionLost } from '../transport/transport.ts';

export interface TolerantReading {
  readonly facts: Facts;
  /** What could not be read, as findings: one for each place and cause. */
  readonly findings: readonly Finding[];
  readonly unread: readonly FactId[];
  /** Each cause, with the facts that it keeps from being read. */
  readonly causes: readonly Unread[];
}

export interface Unread {
  readonly facts: readonly FactId[];
  readonly error: FactError;
}

/**
 * Reads facts of nodes and cluster. One that cannot be read is a finding; the others are read all the same.
 * @throws Failure (unreachable) when a node is lost meanwhile
 */
export async function readTolerantly(
  observer: Pick<FactSource, 'read'>,
  known: Facts,
  nodes: readonly string[],
  ids: readonly FactId[],
): Promise<TolerantReading> {
  const [perNode, perCluster] = [ids.filter(isNodeFact), ids.filter(isClusterFact)];
  const readings = await Promise.all(nodes.map((name) => readAll(observer, { nodes: {} }, [name], perNode)));
  const ofNodes = { ...known.nodes };
  for (const { facts } of readings)
    for (const [name, own] of Object.entries(facts.nodes)) ofNodes[name] = { ...ofNodes[name], ...own };
  const ofCluster = await readAll(observer, { ...known, nodes: ofNodes }, [], perCluster);
  const unread = [...readings, ofCluster].flatMap((reading) => reading.unread);
  return {
    facts: ofCluster.facts,
    findings: unread.map(finding),
    unread: unread.flatMap(({ facts }) => facts),
    causes: unread,
  };
}

async function readAll(
  observer: Pick<FactSource, 'read'>,
  known: Facts,
  nodes: readonly string[],
  ids: readonly FactId[],
): Promise<{ readonly facts: Facts; readonly unread: readonly Unread[] }> {
  const unread: Unread[] = [];
  for (let left = ids; left.length > 0;) {
    const reading = await observer.read(known, nodes, left).catch(asFactError);
    if (!(reading instanceof FactError)) return { facts: reading, unread };
    const last = unread.at(-1);
    // An API server that is down fails every question alike: the rest is not asked one by one.
    const isSilent = last !== undefined && sameCause(last.error, reading);
    const lost = isSilent ? left : [reading.fact];
    if (isSilent) unread.splice(-1, 1, { facts: [...last.facts, ...lost], error: last.error });
    else unread.push({ facts: lost, error: reading });
    left = left.filter((id) => !lost.includes(id));
  }
  return { facts: known, unread };
}

function asFactError(error: unknown): FactError {
  if (error instanceof FactError) return error;
  if (!(error instanceof ConnectionLost)) throw error;
  throw new Failure('unreachable', `${error.message}; nothing was changed`, [], { cause: error });
}

function sameCause(one: FactError, other: FactError): boolean {
  return one.stderr.length > 0 && one.code === other.code && one.stderr.join() === other.stderr.join();
}

function finding({ facts, error }: Unread): Finding {
  const cause = error.message.replace(` ${error.remedy}`, '');
  const others = facts.length - 1;
  return {
    guard: 'facts',
    severity: 'refuse',
    ...(isClusterFact(error.fact) ? {} : { node: error.node }),
    summary:
      others === 0
        ? cause
        : `${cause} It is the same with ${others} more: ${facts.filter((id) => id !== error.fact).join(', ')}`,
    remedy: error.remedy,
    source: 'what cannot be read cannot be judged',
  };
}
