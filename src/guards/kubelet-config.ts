import type { KubeletConfiguration } from '../facts/kubelet-config.ts';
import { minorNumber, minorText } from '../facts/lib/version.ts';
import { versionsOf } from '../facts/lib/versions.ts';
import type { Guard, GuardInput } from './guard.ts';
import { OWN_FILE, SHARED } from './lib/kubelet-start.ts';
import { type MachineDraft, onMachines, targetMinor } from './lib/machines.ts';
import { findingOf, listed } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const kubeletConfigGuard: Guard = {
  id: 'kubelet-config',
  title: "The cluster has a kubelet configuration, and each node's own is the same",
  source:
    '"Reconfiguring a kubeadm cluster": kubeadm upgrade writes the ConfigMap kubelet-config over each config.yaml; kubernetes/kubernetes #105741: its name has no minor from 1.24 on',
  facts: ['kubeletConfig', 'kubeletSetup', 'kubeadmConfig', 'apiServers', 'binaries'],
  scope: 'run',
  check: (input) => {
    const shared = input.before.cluster?.kubeletConfig;
    if (!shared || (input.step && !upgradeOptions(input.step))) return [];
    const missing = input.step ? ofStep(input) : ofCluster(input);
    return missing.length > 0 || shared.missing
      ? missing.map((draft) => findingOf(kubeletConfigGuard, draft))
      : onMachines(kubeletConfigGuard, input, ({ kubeletSetup }) =>
          kubeletSetup?.config && kubeletSetup.writtenFor === undefined
            ? edited(kubeletSetup.config, shared, upgradeOptions(input.step)?.patches)
            : [],
        );
  },
};

function ofStep(input: GuardInput): MachineDraft[] {
  return absent(input, targetMinor(input, 'kubeadm'), 'refuse');
}

/** What the next minor would be refused for. */
function ofCluster(input: GuardInput): MachineDraft[] {
  const now = minorNumber(versionsOf(input.before).clusterVersion ?? '');
  return absent(input, now === undefined ? undefined : now + 1, 'warn');
}

/** kubeadm 1.24 is the last that reads the ConfigMap of old, and writes it by its new name. */
function absent({ before }: GuardInput, target: number | undefined, severity: 'refuse' | 'warn'): MachineDraft[] {
  const shared = before.cluster?.kubeletConfig;
  if (!shared || target === undefined || target < 24) return [];
  if (shared.unreadable) {
    const remedy = 'kubectl -n kube-system get configmap kubelet-config must work with /etc/kubernetes/admin.conf.';
    return [{ severity: 'warn', summary: `${SHARED} cannot be read: kubeadm writes it to every node`, remedy }];
  }
  const old = shared.versioned === undefined ? undefined : `kubelet-config-${shared.versioned}`;
  if (!shared.missing && (old === undefined || target === 24)) return [];
  const what = old === undefined ? `${SHARED} is missing` : `${SHARED} is missing, there is only ${old}`;
  const from =
    old === undefined ? OWN_FILE : `kubectl -n kube-system get configmap ${old} -o jsonpath='{.data.kubelet}'`;
  return [
    {
      severity,
      summary: `${what}: kubeadm ${minorText(target)} has no kubelet configuration to write to the nodes`,
      remedy: `Put a ClusterConfiguration and the KubeletConfiguration (of ${from}) into one file, and upload it: kubeadm init phase upload-config kubelet --config FILE.`,
    },
  ];
}

/** What kubeadm and the node's own system write differently on each node. */
function isOfNode(path: string, value: string): boolean {
  return path === 'containerRuntimeEndpoint' || (path === 'resolvConf' && value.includes('/systemd/resolve/'));
}

function edited(own: KubeletConfiguration, shared: KubeletConfiguration, patches: string | undefined): MachineDraft[] {
  const wanted = valuesOf(shared);
  const found = Object.entries(valuesOf(own)).filter(
    ([path, value]) => wanted[path] !== value && !(wanted[path] === undefined && isOfNode(path, value)),
  );
  if (found.length === 0) return [];
  const list = listed(found.map(([path, value]) => `${path}: ${value} (${wanted[path] ?? 'not set'} there)`));
  const keep =
    patches === undefined
      ? `Put it into ${SHARED} for all nodes, or into a patch of kubeletconfiguration for this one (\`patches\` of the step)`
      : `Make sure that a patch of kubeletconfiguration in ${patches} sets it`;
  const driver = found.some(([path]) => path === 'cgroupDriver')
    ? ' Its container runtime must use the cgroup driver that comes: pods do not start with two.'
    : '';
  return [
    {
      severity: patches === undefined ? 'warn' : 'note',
      summary: `${OWN_FILE} has what ${SHARED} does not, and kubeadm upgrade writes over it: ${list}`,
      remedy: `${keep}; else it is lost.${driver}`,
    },
  ];
}

function valuesOf({ failSwapOn, failCgroupV1, featureGates, settings }: KubeletConfiguration) {
  const gates = Object.entries(featureGates).map(([gate, on]) => [`featureGates.${gate}`, String(on)]);
  const fails = Object.entries({ failSwapOn, failCgroupV1 }).filter(([, value]) => value !== undefined);
  const values: Record<string, string> = { ...settings, ...Object.fromEntries(gates) };
  for (const [name, value] of fails) values[name] = String(value);
  return values;
}
