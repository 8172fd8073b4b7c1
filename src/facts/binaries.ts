import type { Fact } from './fact.ts';

/** What the binaries themselves say, without a leading `v`; undefined where the binary is missing. */
export interface BinariesFact {
  readonly kubeadm?: string;
  readonly kubelet?: string;
  readonly kubectl?: string;
}

export const binaries: Fact<BinariesFact> = {
  command: 'kubeadm version -o short; kubelet --version; kubectl version --client -o json',
  remedy: 'Run it there by hand.',
  script: () =>
    `if command -v kubeadm >/dev/null 2>&1; then printf 'kubeadm: %s\\n' "$(kubeadm version -o short)"; fi
if command -v kubelet >/dev/null 2>&1; then printf 'kubelet: %s\\n' "$(kubelet --version)"; fi
if command -v kubectl >/dev/null 2>&1; then printf 'kubectl: %s\\n' "$(kubectl version --client -o json | grep '"gitVersion"' | head -n 1)"; fi
true`,
  parse: parseBinaries,
};

/** @throws Error when a binary is there but says no version (it may be damaged, or of another machine's kind) */
function parseBinaries(output: string): BinariesFact {
  const found: { -readonly [K in keyof BinariesFact]?: string } = {};
  for (const name of ['kubeadm', 'kubelet', 'kubectl'] as const) {
    const line = new RegExp(`^${name}: (.*)$`, 'm').exec(output)?.[1];
    if (line === undefined) continue;
    const version = /\bv(\d+\.\d+\.\d+[^\s",]*)/.exec(line)?.[1];
    if (version === undefined) throw new Error(`${name} says no version`);
    found[name] = version;
  }
  return found;
}
