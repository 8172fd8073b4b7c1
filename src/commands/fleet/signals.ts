import { Failure } from '../../failure.ts';
import { SIGNALS } from '../../run/control.ts';

/**
 * Work that changes nothing, until a signal stops it.
 * @throws Failure (cancelled) where one did, once the work has ended
 */
export async function stoppable<T extends object>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const result = await work(stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    if (result !== undefined && !stop.signal.aborted) return result;
    throw new Failure('cancelled', 'stopped while it read the clusters; nothing was changed');
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
