import { z } from 'zod';
import { kubernetesPackages } from '../facts/packages.ts';
import { withNode, type Action, type ActionContext } from './action.ts';
import { APT_PATIENCE, APT_UPDATE } from './apt.ts';
import { programOf } from './dnf.ts';
import { managerOf, withoutPackageManager } from './package-manager.ts';
import { waitUnlocked } from './package-lock.ts';
import { machineOf } from './lib/subject.ts';
import { some } from './lib/verdict.ts';

const schema = z.strictObject({});
type With = z.infer<typeof schema>;

export const osUpgrade: Action<With> = {
  name: 'os-upgrade',
  summary: 'Install the updates of the operating system; Kubernetes packages stay as they are',
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 3_600_000,
  onTimeout: 'leave',
  facts: ['os', 'packages', 'osUpdates'],
  guards: ['membership', 'same-machine', 'disk-room', 'dpkg-state'],
  settle: 60_000,
  unsupported: withoutPackageManager,
  script(context) {
    const manager = managerOf(context);
    if (manager === 'apt')
      return { commands: ['apt-get update', 'apt-get -y --with-new-pkgs upgrade'], text: aptText(context) };
    const exclude = kubernetesPackages.join(',');
    const command = `${programOf(manager)} -y upgrade --exclude=${exclude}`;
    return {
      commands: [command],
      text: `set -u\nexport LC_ALL=C\n${waitUnlocked('rpm')}\nwait_unlocked || exit\n${command}\n`,
    };
  },
  isDone(context) {
    const updates = machineOf(context).osUpdates;
    if (!updates) return { done: false, reason: 'its pending updates are not known' };
    if (updates.pending.length > 0) return { done: false, reason: `updates are pending: ${some(updates.pending)}` };
    if (updates.error !== undefined)
      return { done: false, reason: `its updates cannot be asked for: ${updates.error}` };
    return { done: true, reason: 'no update is pending' };
  },
  project: (context) =>
    withNode(context.facts, context.node.name, (node) => ({
      ...node,
      osUpdates: { pending: [] },
      ...(node.osUpdates?.pending.some((name) => KERNEL.test(name)) === true && {
        reboot: { required: true, reason: 'a new kernel is installed by then' },
      }),
    })),
};

const KERNEL = /^(linux-image|kernel(-core|-rt)?$)/;

/** Packages that are not on hold are held for as long as this takes, so that none of Kubernetes moves by the way. */
function aptText(context: ActionContext<With>): string {
  const held = context.before?.held ?? machineOf(context).packages?.held ?? [];
  const free = Object.keys(machineOf(context).packages?.installed ?? {}).filter((name) => !held.includes(name));
  const upgrade = `apt-get -y -q ${APT_PATIENCE} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --with-new-pkgs upgrade`;
  const names = free.join(' ');
  return `set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
trap ':' HUP INT TERM
${waitUnlocked('apt')}
wait_unlocked || exit
if [ -n "$(dpkg --audit)" ]; then dpkg --force-confdef --force-confold --configure -a || exit; fi
${APT_UPDATE} update || exit
${names === '' ? '' : `apt-mark hold ${names} || exit\n`}rc=0
${upgrade} || rc=$?
${names === '' ? '' : `apt-mark unhold ${names} || rc=$?\n`}exit "$rc"
`;
}
