import { waitUnlocked } from '../lib/lock.ts';
import type { Script } from '../manager.ts';
import { CHANGE, FINISH, LOCKS, SETTINGS, UPDATE } from './commands.ts';

/** What is kept and not on hold is held meanwhile, so that the upgrade does not move them. */
export function upgradeOs({
  kept,
  held,
}: {
  readonly kept: readonly string[];
  readonly held: readonly string[];
}): Script {
  const names = kept.filter((name) => !held.includes(name)).join(' ');
  return {
    commands: ['apt-get update', 'apt-get -y --with-new-pkgs upgrade'],
    text: `${SETTINGS}
${waitUnlocked(LOCKS)}
${FINISH}
${UPDATE} update || exit
${names === '' ? '' : `apt-mark hold ${names} || exit\n`}rc=0
${CHANGE} --with-new-pkgs upgrade || rc=$?
${names === '' ? '' : `apt-mark unhold ${names} || rc=$?\n`}exit "$rc"
`,
  };
}
