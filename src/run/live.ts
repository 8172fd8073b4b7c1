import type { FactId } from '../facts/facts.ts';
import { messageOf } from '../failure.ts';
import { realClock } from '../engine/clock.ts';
import { lifeOf } from '../journal/lock.ts';
import { type Claim, claimsIn, hasMoved } from '../journal/lock-snapshot.ts';
import type { RunStore, RunSummary } from '../journal/store.ts';
import { hostText, LOCAL } from '../plan/hosts.ts';
import { contactedNodes } from '../plan/plan.ts';
import { dateAndClock } from '../render/text.ts';
import { connectNodes } from './connect.ts';
import type { AtEnd, Console } from './console.ts';
import { loadValidInventory } from './load.ts';
import { type Locks, locksOf } from './locks.ts';
import { type LastRead, readOf } from './summary.ts';
import { readTolerantly } from './tolerant.ts';

/** Milliseconds in which a holder that lives beats at least once (its interval is 10 s). */
const ONE_BEAT = 12_000;

const FACTS: readonly FactId[] = ['binaries', 'nodes'];

/** What the nodes show now: versions and cordons, who holds the lock, which steps of the run still run. */
export interface Live extends LastRead {
  readonly about: readonly string[];
}

/** Changes nothing. A node that does not answer is named. @throws Failure (unreachable) for one that is not trusted */
export async function readLive(
  console: Console,
  atEnd: AtEnd,
  store: RunStore,
  { folder, plan }: RunSummary,
  inventoryFile: string = plan.inventory.file,
): Promise<Live> {
  const inventory = await loadValidInventory(console, inventoryFile);
  const nodes = contactedNodes(plan);
  const options = { inventory, nodes, minors: [], stateDir: store.root, allowMissing: true };
  const connection = await connectNodes(console, options);
  atEnd(() => connection.links.close());
  const about: string[] = [];
  const running = await Promise.all(
    [...nodes, LOCAL].map(async (node) => {
      try {
        const attempts = await connection.links.once(node, (remote) => remote.list(folder.id));
        const left = attempts.filter(({ state }) => state.kind === 'running');
        about.push(...left.map(({ id }) => `runs on ${hostText(node)}: ${id}`));
        return node === LOCAL ? [] : [node];
      } catch (error) {
        about.push(`${node} does not answer: ${messageOf(error)}`);
        return [];
      }
    }),
  );
  const answering = running.flat();
  const asksKubectl = inventory.value.nodes.some(({ role }) => role !== 'other');
  const { facts, findings } = await readTolerantly(
    connection.observer,
    { nodes: {} },
    asksKubectl ? answering : [],
    FACTS,
  );
  about.push(...findings.map(({ summary }) => summary));
  about.push(...(await lockLines(locksOf(console, store, connection, inventory.value, nodes))));
  return { at: new Date().toISOString(), ...readOf(facts, plan), about };
}

async function lockLines({ nodes }: Locks): Promise<string[]> {
  if (!nodes) return [];
  const claims = claimsIn(await nodes.look()).filter(({ kind }) => kind !== 'released');
  if (claims.length === 0) return ['no node holds a lock'];
  return Promise.all(
    claims.map(async (claim) => {
      const { id, run, user, host, pid, startedAt } = claim.holder;
      const who = `lock ${id} on ${[...claim.beats.keys()].join(', ')}: run ${run} of ${user} on ${host}, process ${pid}`;
      return `${who}, since ${dateAndClock(startedAt)}; ${await signOfLife(claim, nodes)}`;
    }),
  );
}

async function signOfLife(claim: Claim, nodes: NonNullable<Locks['nodes']>): Promise<string> {
  const life = await lifeOf(claim.holder);
  if (life === 'alive') return 'its process runs on this machine';
  if (life === 'gone') return 'its process is gone';
  await realClock.sleep(ONE_BEAT);
  return hasMoved(claim, await nodes.look()) === true
    ? 'its heartbeat moves'
    : `its heartbeat did not move for ${ONE_BEAT / 1000} s`;
}
