import { Failure } from '../failure.ts';
import type { Fence } from '../remote/attempt.ts';
import { type HeldLock, type LockHolder, lostTo } from './lock.ts';
import { majorityOf, type Missing } from './lock-snapshot.ts';
import { beatScript, type LockView, parseView, releaseScript } from './lock-script.ts';
import { type Answer, type AskNode, askAll, askOne } from './node-script.ts';

export interface LockOptions {
  /** The nodes that hold the lock file, in the order of their names. */
  readonly nodes: readonly string[];
  readonly root: string;
  readonly ask: AskNode;
  readonly say: (text: string, detail: readonly string[]) => void;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds between two heartbeats. */
  readonly interval: number;
  /** Milliseconds for which a majority that cannot be asked is asked again before the run gives up. */
  readonly patience: number;
  /**
   * A look that began less than so many milliseconds ago still counts, so that quick steps need no round trip each.
   * Taking the lock over by its counter takes far longer.
   */
  readonly fresh: number;
}

const PAUSE = 2000;

/** A lock on a majority of the nodes, with its heartbeat. */
export class HeldNodeLock implements HeldLock {
  readonly holder: LockHolder;
  readonly #options: LockOptions;
  readonly #stop = new AbortController();
  readonly #beating = new Set<string>();
  readonly #lost = new AbortController();
  /** What each node last answered, unless this lock was still held there. */
  readonly #lostOn = new Map<string, LockView>();
  #count = 0;
  /** When the last look began that found it held; by the wall clock, which continues while a laptop sleeps. */
  #heldAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(options: LockOptions, holder: LockHolder) {
    this.#options = options;
    this.holder = holder;
  }

  /** Aborted, with the Failure that says who has it now, once the lock is another's or was released. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** What is sent with each claim. */
  get fence(): Fence {
    const { id, fence = 0, domain = '-' } = this.holder;
    return { id, fence, domain };
  }

  startHeartbeat(): void {
    void this.#heartbeat();
  }

  /** A look that grows old is made again before it is needed, so that quick steps do not wait for it. */
  assertHeld(): Promise<void> {
    const age = Date.now() - this.#heldAt;
    const isFresh = age >= 0 && age < this.#options.fresh;
    if (isFresh && age < this.#options.fresh / 2) return Promise.resolve();
    const looked = this.#lookAgain();
    if (!isFresh) return looked;
    looked.catch(() => undefined);
    return Promise.resolve();
  }

  /** Callers that come while one look is under way share the next. */
  #lookAgain(): Promise<void> {
    this.#queued ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#queued = undefined;
        this.#running = this.#look();
        return this.#running;
      });
    return this.#queued;
  }

  /** One look, right after the lock was taken; it counts as any other. @throws Failure (locked | unreachable) */
  async verify(): Promise<void> {
    const began = Date.now();
    const vote = await this.#vote();
    if (vote.kind === 'lost') throw vote.failure;
    if (vote.kind === 'unknown') throw new Failure('unreachable', 'the lock cannot be looked at; nothing was changed');
    this.#heldAt = began;
  }

  /** Ends the heartbeat and frees the lock wherever it is still this one's. */
  async release(): Promise<void> {
    this.#stop.abort();
    const { nodes, ask, root, say } = this.#options;
    const answers = await askAll(nodes, ask, () => releaseScript(root, this.holder.id), parseView);
    const failed = answers.filter((answer) => 'problem' in answer);
    // A lock left on a minority counts as released: the others show it.
    if (failed.length < majorityOf(nodes.length)) return;
    say(
      `could not release lock ${this.holder.id} on most nodes`,
      failed.map(({ node, problem }) => `${node}: ${problem}`),
    );
  }

  async #heartbeat(): Promise<void> {
    const { interval, nodes, sleep } = this.#options;
    for (;;) {
      await sleep(interval, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      for (const node of nodes) void this.#beat(node);
    }
  }

  /** A node that is slow to answer gets no second request meanwhile. */
  async #beat(node: string): Promise<void> {
    if (this.#beating.has(node)) return;
    this.#beating.add(node);
    await this.#ask(node);
    this.#beating.delete(node);
  }

  /** Each answer counts: a lock that most nodes know as another's never comes back. */
  async #ask(node: string): Promise<Answer<LockView>> {
    const { ask, nodes, root } = this.#options;
    this.#count += 1;
    const answer = await askOne(node, ask, beatScript(root, this.holder.id, this.#count), parseView);
    if ('value' in answer && !this.#stop.signal.aborted) {
      if (isHeldBy(answer.value, this.holder)) this.#lostOn.delete(node);
      else this.#lostOn.set(node, answer.value);
      if (this.#lostOn.size > nodes.length - majorityOf(nodes.length)) this.#lost.abort(this.#loss());
    }
    return answer;
  }

  #loss(): Failure {
    const views = [...this.#lostOn.values()];
    const to = views.find(({ state }) => state === 'held')?.holder;
    return lostTo(to, views.find(({ release }) => release)?.release);
  }

  async #look(): Promise<void> {
    const { patience, sleep } = this.#options;
    for (let waited = 0; ; waited += PAUSE) {
      const began = Date.now();
      const vote = await this.#vote();
      if (vote.kind === 'held') {
        this.#heldAt = began;
        return;
      }
      if (vote.kind === 'lost') throw vote.failure;
      if (waited >= patience) throw cannotLook(vote.missing);
      await sleep(PAUSE, this.#stop.signal);
    }
  }

  /** Settles as soon as a majority has answered alike; a slow node is not waited for. */
  #vote(): Promise<Vote> {
    const { nodes } = this.#options;
    const needed = majorityOf(nodes.length);
    const missing: Missing[] = [];
    let held = 0;
    let lost = 0;
    return new Promise((resolve) => {
      const onAnswer = (answer: Answer<LockView>): void => {
        if ('problem' in answer) missing.push(answer);
        else if (isHeldBy(answer.value, this.holder)) held += 1;
        else lost += 1;
        if (held >= needed) resolve({ kind: 'held' });
        else if (lost > nodes.length - needed) resolve({ kind: 'lost', failure: this.#loss() });
        else if (held + lost + missing.length === nodes.length) resolve({ kind: 'unknown', missing });
      };
      for (const node of nodes) void this.#ask(node).then(onAnswer);
    });
  }
}

type Vote =
  | { readonly kind: 'held' }
  | { readonly kind: 'lost'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly missing: readonly Missing[] };

export function isHeldBy(view: LockView, holder: LockHolder): boolean {
  return view.state === 'held' && view.holder?.id === holder.id;
}

function cannotLook(missing: readonly Missing[]): Failure {
  return new Failure('step-failed', 'cannot look at the lock on most of its nodes', [
    ...missing.map(({ node, problem }) => `${node}: ${problem}`),
    'Nothing new is started. When they are reachable again: `runbook resume`.',
  ]);
}
