import { endText, type Progress } from '../journal/progress.ts';
import { isUnfinished } from '../journal/store.ts';

/** Why no run can be continued. */
export interface Nothing {
  /** The one that is over. */
  readonly run?: string;
  readonly state: 'none' | 'done' | 'abandoned';
  readonly reason: string;
}

/** A run that came to its end. */
export function overOf(run: string, progress: Progress, known = ''): Nothing {
  const state = progress.state === 'done' ? 'done' : 'abandoned';
  // Abandoned in another state folder: the nodes have it marked, and no record of it.
  const end = isUnfinished(progress) ? 'is over' : endText(progress);
  return { run, state, reason: `run ${run} ${end}${known}` };
}
