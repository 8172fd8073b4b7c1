import { type FSWatcher, watch } from 'node:fs';

/** Milliseconds: between two looks where nothing notifies, and from a notice to its look: they come in bursts. */
const EVERY = 1000;
const AFTER = 150;

/**
 * Shows the version of something in a folder, now and whenever it is another one, until the caller ends it. The system
 * notifies of changes; where it does not (a network folder, or one that is made later), a look each second finds them.
 */
export function follow(
  folder: string,
  versionOf: () => Promise<string>,
  show: (version: string) => void,
): { readonly end: () => void } {
  let last: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (): Promise<void> => {
    const version = await versionOf().catch(() => last);
    if (isOver) return;
    if (version !== undefined && version !== last) {
      last = version;
      show(version);
    }
    plan(EVERY);
  };
  const plan = (delay: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), delay).unref();
  };
  const watcher = notifier(folder, () => {
    // While one looks, its end plans the next look.
    if (timer !== undefined) plan(AFTER);
  });
  void look();
  return {
    end: () => {
      isOver = true;
      clearTimeout(timer);
      watcher?.close();
    },
  };
}

/** Undefined where the folder is not there, or the system has no more notifiers. */
function notifier(folder: string, notify: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, notify);
    return watcher.on('error', () => {
      watcher.close();
    });
  } catch {
    return undefined;
  }
}
