import type { Fact } from './fact.ts';

export interface MachineFact {
  readonly hostname: string;
  /** /etc/machine-id, lower case, no dashes. */
  readonly machineId: string;
  /** /sys/class/dmi/id/product_uuid in lower case, where readable. */
  readonly systemUuid?: string;
  readonly bootId: string;
  /**
   * Start time of process 1, in clock ticks since the kernel's start (proc_pid_stat(5), field 22). Nodes that are
   * containers share a kernel, whose boot id stays the same when one of them restarts.
   */
  readonly initStart?: string;
  /** Every IPv4 and IPv6 address but loopback, without prefix length. */
  readonly addresses: readonly string[];
}

export const machine: Fact<MachineFact> = {
  command: 'cat /etc/machine-id /sys/class/dmi/id/product_uuid /proc/sys/kernel/random/boot_id; ip -o addr',
  remedy: 'Look at /etc/machine-id there: without it a machine cannot be distinguished from another.',
  // The files in the order in which the kubelet (cAdvisor) looks for them.
  script: () =>
    `printf 'hostname: %s\\n' "$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"
printf 'machine-id: %s\\n' "$(cat /etc/machine-id 2>/dev/null || cat /var/lib/dbus/machine-id 2>/dev/null)"
printf 'system-uuid: %s\\n' "$(cat /sys/class/dmi/id/product_uuid 2>/dev/null || cat /proc/device-tree/vm,uuid 2>/dev/null)"
printf 'boot-id: %s\\n' "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
printf 'init-start: %s\\n' "$(sed 's/.*) //' /proc/1/stat 2>/dev/null | cut -d ' ' -f 20)"
ip -o addr show 2>/dev/null || printf 'addresses: %s\\n' "$(hostname -I 2>/dev/null)"
true`,
  parse: parseMachine,
};

function parseMachine(output: string): MachineFact {
  const value = (name: string) => new RegExp(`^${name}: *(.*?)\\s*$`, 'm').exec(output)?.[1] ?? '';
  const machineId = value('machine-id').toLowerCase().replaceAll('-', '');
  if (machineId === '') throw new Error('the machine has no machine-id');
  const systemUuid = value('system-uuid').replaceAll('\0', '').toLowerCase();
  const listed = value('addresses').split(/\s+/);
  const addresses = [...listed, ...interfaceAddresses(output)].filter(
    (address) => address !== '' && !isLoopback(address),
  );
  return {
    hostname: value('hostname'),
    machineId,
    ...(systemUuid === '' ? {} : { systemUuid }),
    bootId: value('boot-id').toLowerCase(),
    ...(value('init-start') === '' ? {} : { initStart: value('init-start') }),
    addresses: [...new Set(addresses)],
  };
}

/** `ip -o addr`: kube-ipvs0 holds the address of every Service on every node, so it says nothing about this one. */
function interfaceAddresses(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const found = /^\d+:\s+(\S+)\s+inet6?\s+([^\s/]+)/.exec(line);
    return found?.[2] === undefined || found[1] === 'kube-ipvs0' ? [] : [found[2]];
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
