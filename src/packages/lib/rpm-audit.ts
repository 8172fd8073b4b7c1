import { kubernetesPackages, type PackageReading } from '../manager.ts';

const FORMAT = String.raw`%{NAME} %{INSTALLTIME} %{VERSION}-%{RELEASE} %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n`;

/**
 * Shell function: the installed packages of Kubernetes as `NAME TIME REVISION PACKAGE`, each name's last one last. rpm
 * adds a package's entry when its files are in place and removes the old one's at the end of the transaction: one that
 * was interrupted leaves both, and the later one is whole.
 */
const INSTALLED = `installed_rpms() {
  rpm -q --qf '${FORMAT}' ${kubernetesPackages.join(' ')} | awk 'NF == 4' | sort -k1,1 -k2,2n
}`;

/** Prints `NAME REVISION STATUS`, with the status `twice` where an interrupted transaction left two. */
export const rpmInstalled = `${INSTALLED}
  installed_rpms | awk '{ count[$1]++; revision[$1] = $3 } END { for (name in count) print name, revision[name], (count[name] > 1 ? "twice" : "ii") }'`;

/** Shell function: prints the packages that an interrupted transaction has replaced and not removed. */
const REPLACED = `${INSTALLED}
replaced_rpms() {
  installed_rpms | awk '$1 == name { print last } { name = $1; last = $4 }'
}`;

export const rpmAudit: NonNullable<PackageReading['audit']> = {
  command: 'rpm -q kubeadm kubelet kubectl kubernetes-cni cri-tools',
  script: `${REPLACED}
  replaced_rpms | sed 's/^/twice: /'`,
  brokenName: (line) => /^twice: (.+)-[^-]+-[^-]+$/.exec(line)?.[1],
  finishing: 'rpm -e of the older one of the two',
  remedy: 'Look at `rpm -q` of them there, and remove the older one of the two.',
};

/** What a later installation calls done, as the newer one is there: locks and `rpm -q` would go on naming both. */
export const FINISH = `${REPLACED}
replaced=$(replaced_rpms)
if [ -n "$replaced" ]; then
  echo "an installation was interrupted earlier: removing what it has replaced: $(echo $replaced)" >&2
  rpm -e $replaced || exit
fi`;
