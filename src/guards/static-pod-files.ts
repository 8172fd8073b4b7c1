import { putBack } from '../facts/lib/interrupted-kubeadm.ts';
import type { StaticPodsFact } from '../facts/static-pods.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

export const staticPodFiles: Guard = {
  id: 'static-pod-files',
  title: 'Each static pod has one manifest, and nothing else is in that folder',
  source:
    '"Create static Pods": the kubelet reads every file whose name does not begin with a dot (pkg/kubelet/config/file.go); kubeadm moves the old manifest away, then the new one into its place (phases/upgrade/staticpods.go)',
  facts: ['staticPods'],
  scope: 'step',
  roles: ['control-plane'],
  lasting: true,
  check: (input) =>
    onMachines(staticPodFiles, input, ({ staticPods }) =>
      staticPods ? [...missing(staticPods), ...several(staticPods), ...strange(staticPods)] : [],
    ),
};

const folder = '/etc/kubernetes/manifests';

function missing({ interrupted = {} }: StaticPodsFact): MachineDraft[] {
  return Object.entries(interrupted).map(([component, backup]) => ({
    severity: 'refuse',
    summary: `${folder}/${component}.yaml is missing: kubeadm was interrupted after it had moved the old one away`,
    remedy: `Put it back: \`${putBack(backup)}\`. When ${component} runs again, \`runbook resume\` runs kubeadm again.`,
  }));
}

function several({ several: found = {} }: StaticPodsFact): MachineDraft[] {
  return Object.entries(found).map(([component, files]) => ({
    severity: 'refuse',
    summary: `${files.length} files in ${folder} are manifests of ${component}: ${listed(files)}`,
    remedy: `The kubelet reads all of them, also copies with another ending, and runs the last by name or several side by side; kubeadm writes ${component}.yaml alone. Find out which one runs (crictl ps, and the pod's image), then move the others out of that folder.`,
  }));
}

/** Since 1.29 its manifest for `kubeadm init` names a file that further control planes do not have. */
const KUBE_VIP =
  ' It holds the address of the control plane: see to it that it reads /etc/kubernetes/admin.conf on every control plane (super-admin.conf is for `kubeadm init` alone, kube-vip/kube-vip#684), and that its release knows the new Kubernetes.';

function strange({ strangers = [] }: StaticPodsFact): MachineDraft[] {
  return strangers.map(({ file, pod, error }) => {
    if (pod === undefined) {
      return {
        severity: 'warn',
        summary: `${file} in ${folder} ${error ?? 'is not a pod'}`,
        remedy: `The kubelet tries to read it again and again. Move it out of that folder, unless it is a manifest to repair.`,
      };
    }
    const meant = /\.(ya?ml|json|manifest)$/.test(file);
    return {
      severity: meant ? 'note' : 'warn',
      summary: meant
        ? `kubeadm does not know the static pod ${pod} (${file})`
        : `${file} in ${folder} is no copy to the kubelet: it runs the static pod ${pod} from it`,
      remedy: meant
        ? `Its upgrade is up to you: kubeadm leaves it as it is.${pod === 'kube-vip' ? KUBE_VIP : ''}`
        : 'Move it out of that folder; or, where it should run, let its name end in .yaml.',
    };
  });
}
