import {
  AlreadyClaimed,
  type AttemptSpec,
  type AttemptState,
  type FollowFrom,
  type OutputSink,
  type RemoteNode,
} from '../remote/attempt.ts';
import type { PlannedStep } from '../plan/bind.ts';
import type { Links } from './links.ts';

/** The name of its node is part of it: a script that is about one node may run on another (kubectl). */
export function attemptId({ id, node }: Pick<PlannedStep, 'id' | 'node'>, attempt: number): string {
  return `${id}.${node.name}.${attempt}`;
}

type CountingSink = OutputSink & { readonly offsets: FollowFrom };

/**
 * Starts an attempt on its host and follows it to its end, however often the link is lost. It is claimed at most once:
 * after a lost link, or where it was `sent` before, the node is asked what it knows before anything is sent again.
 */
export function startAttempt(
  links: Links,
  host: string,
  spec: AttemptSpec,
  sink: CountingSink,
  sent: boolean,
  beforeClaim: () => Promise<void>,
): Promise<AttemptState> {
  const limit = spec.onTimeout === 'leave' ? spec.timeout : 0;
  const follow = (remote: RemoteNode) => followToEnd(remote, spec.run, spec.id, sink, limit);
  return links.with(host, async (remote, relinked) => {
    const again = sent || relinked;
    if (again) {
      const state = await remote.status(spec.run, spec.id);
      if (state.kind !== 'absent') return follow(remote);
    }
    // The disk, a transfer or a link that was lost may have taken long since the last look at the lock.
    await beforeClaim();
    try {
      const state = await remote.start(spec, sink);
      // Its supervisor was killed, the script lives on.
      return state.kind === 'running' && spec.onTimeout === 'kill' ? await follow(remote) : state;
    } catch (error) {
      // The request of a link that was lost arrived after all, or a controller whose journal is lost had sent it.
      if (error instanceof AlreadyClaimed) return follow(remote);
      throw error;
    }
  });
}

/**
 * Takes up an attempt that an earlier controller started: its whole output from the first byte, then its end.
 * `running` once `limit` milliseconds are over (0: no limit).
 */
export function takeUpAttempt(
  links: Links,
  host: string,
  run: string,
  id: string,
  sink: CountingSink,
  limit: number,
  onState: (state: AttemptState) => void,
): Promise<AttemptState> {
  return links.with(host, async (remote) => {
    const state = await remote.status(run, id);
    onState(state);
    if (state.kind === 'absent' || state.kind === 'never-ran') return state;
    return followToEnd(remote, run, id, sink, limit);
  });
}

/** Without a limit `running` is no end: a script whose supervisor was killed is followed until it is gone. */
async function followToEnd(
  remote: RemoteNode,
  run: string,
  id: string,
  sink: CountingSink,
  limit: number,
): Promise<AttemptState> {
  for (;;) {
    const state = await remote.follow(run, id, { ...sink.offsets }, sink, limit);
    if (state.kind !== 'running' || limit > 0) return state;
  }
}
