/** Packages that tests install: programs that say their version, with the dependencies of the real ones. */
export interface DummyPackage {
  readonly name: string;
  readonly revision: string;
  /** Another package, and the version of it that is the least. */
  readonly needs?: readonly [name: string, version: string];
}

/** What each minor's repository offers. */
export const MINORS: Readonly<Record<string, readonly DummyPackage[]>> = {
  '1.31': [
    { name: 'kubeadm', revision: '1.31.9-1.1', needs: ['cri-tools', '1.30.0'] },
    { name: 'kubelet', revision: '1.31.9-1.1', needs: ['kubernetes-cni', '1.5.0'] },
    { name: 'kubectl', revision: '1.31.9-1.1' },
    { name: 'cri-tools', revision: '1.31.1-1.1' },
    { name: 'kubernetes-cni', revision: '1.5.1-1.1' },
  ],
  '1.32': [
    { name: 'kubeadm', revision: '1.32.9-1.1' },
    { name: 'kubeadm', revision: '1.32.9-2.1' },
    { name: 'kubeadm', revision: '1.32.10-1.1' },
    { name: 'kubelet', revision: '1.32.9-1.1', needs: ['kubernetes-cni', '1.6.0'] },
    { name: 'kubelet', revision: '1.32.10-1.1', needs: ['kubernetes-cni', '1.6.0'] },
    { name: 'kubectl', revision: '1.32.9-1.1' },
    { name: 'kubectl', revision: '1.32.10-1.1' },
    { name: 'cri-tools', revision: '1.32.0-1.1' },
    { name: 'kubernetes-cni', revision: '1.6.0-1.1' },
  ],
};

/** The package's program, as a shell script. */
export function programOf({ name, revision }: DummyPackage): string {
  const version = `v${revision.replace(/-.*/, '')}`;
  return `#!/bin/sh\n${PROGRAM[name]?.(version) ?? ''}`;
}

const PROGRAM: Readonly<Record<string, (version: string) => string>> = {
  kubeadm: (version) => `echo ${version}\n`,
  kubelet: (version) => `echo Kubernetes ${version}\n`,
  kubectl: (version) => `printf '{\\n  "clientVersion": {\\n    "gitVersion": "${version}"\\n  }\\n}\\n'\n`,
};

/** The kubelet's configuration file, which is another one from 1.32 on. */
export function kubeletEnvironment({ revision }: DummyPackage): string {
  return `${revision.startsWith('1.31.') ? '' : '# Extra arguments of the kubelet\n'}KUBELET_EXTRA_ARGS=\n`;
}
