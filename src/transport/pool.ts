import { setMaxListeners } from 'node:events';
import { ConnectFailure, type Session, type Target, type Transport } from './transport.ts';

export interface ConnectAllOptions {
  /** Connections under way at once; sshd and firewalls dislike more. Default 20. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly onConnected?: (target: Target) => void;
}

export interface Connected {
  /** By the target's name. */
  readonly sessions: Map<string, Session>;
  /** All of them, in the order of the targets. */
  readonly failures: ConnectFailure[];
}

/**
 * Connects to all targets. One that cannot be reached does not keep the others from being tried.
 * What is thrown is no ConnectFailure (^C at a prompt, a bug); sessions that were open are closed then.
 */
export async function connectAll(
  targets: readonly Target[],
  transport: Transport,
  { concurrency = 20, signal, onConnected }: ConnectAllOptions = {},
): Promise<Connected> {
  const sessions = new Map<string, Session>();
  const failures = new Map<string, ConnectFailure>();
  // Each connection under way listens to it: that many are no leak.
  if (signal) setMaxListeners(0, signal);
  const queue = [...targets];
  let stopped = false;

  const work = async (): Promise<void> => {
    for (let target = queue.shift(); target && !stopped; target = queue.shift()) {
      try {
        sessions.set(target.name, await transport.connect(target, signal));
        onConnected?.(target);
      } catch (error) {
        stopped ||= !(error instanceof ConnectFailure);
        if (!(error instanceof ConnectFailure)) throw error;
        failures.set(target.name, error);
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, concurrency) }, work));
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken) {
    await Promise.all([...sessions.values()].map((session) => session.close()));
    throw broken.reason;
  }
  return { sessions, failures: targets.flatMap((target) => failures.get(target.name) ?? []) };
}
