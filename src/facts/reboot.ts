import type { Fact } from './fact.ts';

export interface RebootFact {
  /** What was installed asks for a reboot; undefined: nothing on the node can tell. */
  readonly required?: boolean;
  /** Why, or why not, for people. */
  readonly reason: string;
}

/**
 * Debian's packages leave /run/reboot-required (reboot-notifier, update-notifier-common); dnf has `needs-restarting -r` (1: needed);
 * on both a newer kernel than the running one may lie in /boot.
 */
export const reboot: Fact<RebootFact> = {
  command: 'ls /run/reboot-required; needs-restarting -r; ls /boot/vmlinuz-*; uname -r',
  remedy: 'Look there whether a reboot is asked for.',
  script: () =>
    `if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then
  echo "required: $(sort -u /run/reboot-required.pkgs 2>/dev/null | tr '\\n' ' ')"
elif command -v needs-restarting >/dev/null 2>&1; then
  needs-restarting -r >/dev/null 2>&1
  case $? in 0) echo 'not needs-restarting' ;; 1) echo 'required: needs-restarting' ;; esac
fi
running=$(uname -r)
newest=$(ls -1 /boot 2>/dev/null | sed -n 's/^vmlinuz-//p' | grep -v rescue | sort -V 2>/dev/null | tail -n 1)
if [ -n "$newest" ] && [ -e "/boot/vmlinuz-$running" ]; then echo "kernel: $running $newest"; fi
true`,
  parse: parseReboot,
};

export function parseReboot(output: string): RebootFact {
  const asked = /^required: *(.*?) *$/m.exec(output)?.[1];
  if (asked !== undefined)
    return { required: true, reason: asked === '' ? 'installed packages ask for it' : `asked for by ${asked}` };
  const [, running, newest] = /^kernel: (\S+) (\S+)$/m.exec(output) ?? [];
  if (running !== undefined && newest !== undefined && running !== newest)
    return { required: true, reason: `kernel ${newest} is installed, ${running} runs` };
  if (running !== undefined) return { required: false, reason: `kernel ${running} runs, the newest that is installed` };
  if (/^not /m.test(output)) return { required: false, reason: 'needs-restarting sees no need' };
  return { reason: 'nothing on the node asks for it' };
}
