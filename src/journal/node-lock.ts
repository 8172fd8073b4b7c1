import { Failure } from '../failure.ts';
import { HeldNodeLock, isHeldBy, type LockOptions } from './held-lock.ts';
import { describeHolder, isGone, lifeOf, type LockHolder, lockedBy, type Release, stillAlive } from './lock.ts';
import {
  type Claim,
  claimsIn,
  domainOf,
  epochIn,
  hasMoved,
  majorityOf,
  type Missing,
  nextFence,
  type LockSnapshot,
  snapshotOf,
} from './lock-snapshot.ts';
import { lookScript, parseView, releaseScript, takeScript } from './lock-script.ts';
import { askAll, askOne } from './node-script.ts';

/** A heartbeat that does not move for so many intervals, as watched from here, belongs to no live process. */
const STILL_INTERVALS = 3;

/** Whose lock may be taken over. */
export interface TakePolicy {
  /** A lock whose process was on this host and is proven gone. */
  readonly takeGone: (holder: LockHolder) => boolean;
  /** A lock to watch: if its counter does not move, it is taken over. */
  readonly watch: (holder: LockHolder) => boolean;
}

/** The lock of one operator on the nodes themselves: held by who holds it on a majority of `nodes`. */
export class NodeLock {
  readonly #options: LockOptions;

  constructor(options: LockOptions) {
    this.#options = options;
  }

  async look(): Promise<LockSnapshot> {
    const { nodes, ask, root } = this.#options;
    return snapshotOf(await askAll(nodes, ask, () => lookScript(root), parseView));
  }

  /**
   * @throws Failure (locked) that names a live holder. One that is gone, or that has no majority, is left to {@link
   * take}.
   */
  async refuseLive(snapshot: LockSnapshot, ours: (holder: LockHolder) => boolean = () => false): Promise<void> {
    for (const { kind, holder } of claimsIn(snapshot)) {
      if (kind === 'holds' && !ours(holder) && !(await isGone(holder))) throw lockedBy(holder, false);
    }
  }

  /**
   * Takes the lock on every node that answers: on the first in the order of their names, which lets in one of several
   * takers, and then on the others at once. `holder.epoch` is the least; a run that was
   * held in a later one gets the next.
   * @param seen an earlier look: where it found no holder and every node, the lock is taken as it was then, which no node
   *   allows once it has changed; else it is looked at again
   * @throws Failure (locked | unreachable); then nothing is held.
   */
  async take(holder: LockHolder, policy: TakePolicy, seen?: LockSnapshot): Promise<HeldNodeLock> {
    let known = seen && seen.missing.length === 0 && claimsIn(seen).length === 0 ? seen : undefined;
    for (let tries = 0; tries < 3; tries += 1) {
      const { snapshot, passed } = known ? { snapshot: known, passed: new Set<string>() } : await this.#clear(policy);
      const epoch = Math.max(holder.epoch ?? 1, epochIn(snapshot, holder.run) + 1);
      const { nodes } = this.#options;
      const domain = domainOf(nodes);
      const mine = { ...holder, epoch, fence: nextFence(snapshot, domain), domain, nodes: [...nodes] };
      const held = await this.#takeAll(mine, snapshot, passed, known !== undefined);
      if (held) return held;
      known = undefined;
    }
    throw new Failure('locked', 'the lock on the nodes changes hands too fast to take it', ['Try again.']);
  }

  /**
   * Watches the heartbeat of a lock as long as it takes to call it dead.
   * @throws Failure (locked) as soon as it shows life
   */
  async requireDead(claim: Claim): Promise<void> {
    const life = await lifeOf(claim.holder);
    if (life === 'alive') throw stillAlive(claim.holder, `process ${claim.holder.pid} on this host runs`);
    if (life === 'elsewhere') await this.#watch([claim], (holder) => stillAlive(holder, 'its heartbeat moves'));
  }

  /** Releases every lock of this id. @returns the nodes on which it was released, and what lies there now. */
  async unlock(
    id: string,
    release?: Release,
  ): Promise<{ readonly released: readonly string[]; readonly snapshot: LockSnapshot }> {
    const { nodes, ask, root } = this.#options;
    const before = await this.look();
    const released = nodes.filter((node) => {
      const view = before.views.get(node);
      return view?.state === 'held' && view.holder?.id === id;
    });
    const answers = await askAll(released, ask, () => releaseScript(root, id, release), parseView);
    const failed = snapshotOf(answers).missing;
    return {
      released: released.filter((node) => !failed.some((one) => one.node === node)),
      snapshot: { views: before.views, missing: [...before.missing, ...failed] },
    };
  }

  /** Refuses, watches or takes over each present lock; resolves with a fresh look when no one holds it. */
  async #clear(policy: TakePolicy): Promise<{ snapshot: LockSnapshot; passed: ReadonlySet<string> }> {
    const snapshot = await this.look();
    this.#requireMajority(snapshot.missing);
    const passed = new Set<string>();
    const watched: Claim[] = [];
    for (const claim of claimsIn(snapshot)) {
      const { holder, kind } = claim;
      const gone = await isGone(holder);
      if (kind === 'released' || (kind === 'partial' && gone)) passed.add(holder.id);
      else if (gone && policy.takeGone(holder)) this.#sayTaken(claim, `its process ${holder.pid} on this host is gone`);
      else if (kind === 'holds' && (gone || !policy.watch(holder))) throw lockedBy(holder, gone);
      else watched.push(claim);
      if (gone) passed.add(holder.id);
    }
    if (watched.length === 0) return { snapshot, passed };
    for (const { holder } of watched) passed.add(holder.id);
    const now = await this.#watch(
      watched,
      (holder) => lockedBy(holder, false),
      ({ missing }) => {
        this.#requireMajority(missing);
      },
    );
    for (const claim of watched) this.#sayTaken(claim, `its heartbeat did not move for ${this.#stillFor()} s`);
    return { snapshot: now, passed };
  }

  /** Seconds. */
  #stillFor(): number {
    return Math.round((STILL_INTERVALS * this.#options.interval) / 1000);
  }

  /** @throws what `refusal` says as soon as one of them moves */
  async #watch(
    claims: readonly Claim[],
    refusal: (holder: LockHolder) => Failure,
    requireAnswers: (snapshot: LockSnapshot) => void = () => undefined,
  ): Promise<LockSnapshot> {
    const { interval, say, sleep } = this.#options;
    const seconds = this.#stillFor();
    for (const { holder } of claims) {
      const text = `the lock of run ${holder.run} is still there: watching its heartbeat for ${seconds} s`;
      const alive = (await lifeOf(holder)) === 'alive';
      const seen = alive ? 'Its process runs on this machine.' : 'Its process cannot be seen from here.';
      say(text, [...describeHolder(holder), `${seen} No clocks are compared.`]);
    }
    let snapshot = await this.look();
    for (let i = 0; i < STILL_INTERVALS; i += 1) {
      await sleep(interval);
      snapshot = await this.look();
      requireAnswers(snapshot);
      for (const claim of claims) if (hasMoved(claim, snapshot) !== false) throw refusal(claim.holder);
    }
    return snapshot;
  }

  #sayTaken({ holder }: Claim, why: string): void {
    this.#options.say(`taking over the lock of run ${holder.run}: ${why}`, describeHolder(holder));
  }

  /** Undefined: it changed under our hands, look again. */
  async #takeAll(
    mine: LockHolder,
    snapshot: LockSnapshot,
    passed: ReadonlySet<string>,
    isOld: boolean,
  ): Promise<HeldNodeLock | undefined> {
    const { nodes, ask, root, say } = this.#options;
    const lock = new HeldNodeLock(this.#options, mine);
    const missing = [...snapshot.missing];
    const views = nodes.flatMap((node) => {
      const view = snapshot.views.get(node);
      return view ? [{ node, view }] : [];
    });
    for (const together of [views.slice(0, 1), views.slice(1)]) {
      const answers = await Promise.all(
        together.map(({ node, view }) => {
          const takeOver = view.holder !== undefined && passed.has(view.holder.id);
          return askOne(node, ask, takeScript(root, view, mine, takeOver), parseView);
        }),
      );
      missing.push(...answers.filter((answer) => 'problem' in answer));
      const others = answers.flatMap((answer) => ('value' in answer && !isHeldBy(answer.value, mine) ? [answer] : []));
      if (others.length === 0) continue;
      await lock.release();
      const live = others.find(
        ({ value: { state, holder } }) => state === 'held' && holder !== undefined && !passed.has(holder.id),
      );
      if (isOld || !live?.value.holder) return undefined;
      throw lockedBy(live.value.holder, await isGone(live.value.holder));
    }
    try {
      this.#requireMajority(missing);
      await lock.verify();
    } catch (error) {
      await lock.release();
      throw error;
    }
    for (const { node, problem } of missing) say(`the lock is not on ${node}: ${problem}`, []);
    lock.startHeartbeat();
    return lock;
  }

  #requireMajority(missing: readonly Missing[]): void {
    const { nodes } = this.#options;
    const needed = majorityOf(nodes.length);
    if (nodes.length - missing.length >= needed) return;
    throw new Failure(
      'unreachable',
      `cannot lock ${needed} of ${nodes.length} nodes (${nodes.join(', ')}); nothing was changed`,
      missing.map(({ node, problem }) => `${node}: ${problem}`),
    );
  }
}
