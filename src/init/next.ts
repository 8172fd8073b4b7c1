import type { Found } from './found.ts';

/** A command to give next, and what for. */
export interface Step {
  readonly command: string;
  readonly for: string;
}

/** Shown after the commands, where something is not known. */
export interface Proposal {
  readonly steps: readonly Step[];
  readonly notes: readonly string[];
}

/**
 * What comes after an inventory: look, then the next minor. A patch release is never made up.
 * @param runbooks the names of runbooks that are there
 */
export function proposal({ version }: Pick<Found, 'version'>, file: string, runbooks: readonly string[]): Proposal {
  const inventory = file === 'inventory.yaml' ? '' : ` -i ${shellWord(file)}`;
  const looks = [
    { command: `runbook validate ${shellWord(file)}`, for: 'every mistake in the file' },
    { command: `runbook plan smoke.yaml${inventory}`, for: 'logs in to every node' },
    { command: `runbook preflight${inventory}`, for: 'is this cluster ready? It shows its version' },
  ];
  if (version === undefined)
    return { steps: looks, notes: ['The version of the cluster is not known: `runbook preflight` shows it.'] };
  const [, major = '', minor = '', suffix = ''] = /^(\d+)\.(\d+)(?:\.\d+)?(.*)$/.exec(version) ?? [];
  if (minor === '' || /^[+-]\D/.test(suffix)) {
    const notes = [`${version} is no release of Kubernetes itself: the runbooks that upgrade with kubeadm do not fit.`];
    return { steps: looks, notes };
  }
  const next = `${major}.${Number(minor) + 1}`;
  const ready = `upgrade-${next}.yaml`;
  if (runbooks.includes(ready)) {
    const upgrade = {
      command: `runbook plan ${ready}${inventory}`,
      for: `from ${major}.${minor} to ${next}, as a dry run`,
    };
    return { steps: [...looks, upgrade], notes: [] };
  }
  const upgrade = {
    command: `runbook plan upgrade.yaml${inventory} --set version=${next}.PATCH`,
    for: `from ${major}.${minor} to ${next}, as a dry run`,
  };
  const patch = `The newest PATCH of ${next}, if there is one yet: curl -Ls https://dl.k8s.io/release/stable-${next}.txt`;
  return { steps: [...looks, upgrade], notes: [patch] };
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
