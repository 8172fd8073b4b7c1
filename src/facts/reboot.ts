import { onNode } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

export interface RebootFact {
  /** What was installed asks for a reboot; undefined: not known. */
  readonly required?: boolean;
  /** Why, or why not, for people. */
  readonly reason: string;
}

/**
 * Packages leave /run/reboot-required (reboot-notifier, update-notifier-common), some package managers know it
 * themselves, and /boot may have a newer kernel than the running one.
 */
export const reboot: Fact<RebootFact> = {
  command: 'ls /run/reboot-required; needs-restarting -r; ls /boot/vmlinuz-*; uname -r',
  remedy: 'Look there whether a reboot is asked for.',
  script: () =>
    `if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then
  echo "required: $(sort -u /run/reboot-required.pkgs 2>/dev/null | tr '\\n' ' ')"
else
${onNode(({ reboot: asked }) => asked ?? ':')}
fi
running=$(uname -r)
newest=$(ls -1 /boot 2>/dev/null | sed -n 's/^vmlinuz-//p' | grep -v rescue | sort -V 2>/dev/null | tail -n 1)
if [ -n "$newest" ] && [ -e "/boot/vmlinuz-$running" ]; then echo "kernel: $running $newest"; fi
true`,
  parse: parseReboot,
};

function parseReboot(output: string): RebootFact {
  const asked = /^required: *(.*?) *$/m.exec(output)?.[1];
  if (asked !== undefined)
    return { required: true, reason: asked === '' ? 'installed packages ask for it' : `asked for by ${asked}` };
  const [, running, newest] = /^kernel: (\S+) (\S+)$/m.exec(output) ?? [];
  if (running !== undefined && newest !== undefined && running !== newest)
    return { required: true, reason: `kernel ${newest} is installed, ${running} runs` };
  if (running !== undefined) return { required: false, reason: `kernel ${running} runs, the newest that is installed` };
  const program = /^not (\S+)$/m.exec(output)?.[1];
  if (program !== undefined) return { required: false, reason: `${program} sees no need` };
  return { reason: 'nothing on the node asks for it' };
}
