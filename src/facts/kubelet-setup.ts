import type { Fact } from './fact.ts';
import { type KubeletConfiguration, parseKubeletConfiguration } from './kubelet-config.ts';
import { remembering } from './lib/remember.ts';

/** How the kubelet is started. */
export interface KubeletSetupFact {
  readonly flags: readonly KubeletFlag[];
  /** Units and drop-ins in /etc in whose place the package brings others, which therefore never count. */
  readonly shadowing: readonly string[];
  /** Units and drop-ins of the same names in /etc to which the package brings no other (yet). */
  readonly ownUnits: readonly string[];
  /** /var/lib/kubelet/config.yaml; undefined where it cannot be read. */
  readonly config?: KubeletConfiguration;
  /** Files in the folder of `--config-dir` in the order in which they are laid over it. */
  readonly dropIns?: readonly { readonly file: string; readonly config: KubeletConfiguration }[];
  /** Of projected facts: kubeadm wrote {@link config} for this release. */
  readonly writtenFor?: string;
}

export interface KubeletFlag {
  readonly file: string;
  /** Without dashes. */
  readonly name: string;
  /** Of the few flags whose value a rule reads. */
  readonly value?: string;
}

/** Where a kubeadm node's kubelet gets its flags: files of kubeadm, of the operator, systemd's units and drop-ins. */
const files =
  '/var/lib/kubelet/kubeadm-flags.env /etc/default/kubelet /etc/sysconfig/kubelet /etc/systemd/system/kubelet.service /etc/systemd/system/kubelet.service.d/*.conf /run/systemd/system/kubelet.service.d/*.conf /usr/lib/systemd/system/kubelet.service /usr/lib/systemd/system/kubelet.service.d/*.conf';

const configFile = '/var/lib/kubelet/config.yaml';

/** How the kubelet is started. Keeps the values only of flags that rules read: others may hold secrets. */
export const kubeletSetup: Fact<KubeletSetupFact> = {
  command: `cat /var/lib/kubelet/kubeadm-flags.env ${configFile}; systemctl cat kubelet`,
  remedy: 'Look at these files there.',
  script: () =>
    `for file in ${files}; do
  [ -r "$file" ] || continue
  printf 'file: %s\\n' "$file"
  grep -v '^[[:space:]]*[#;]' "$file" 2>/dev/null | grep -e '--[a-z]' | sed 's/^/| /'
done
for file in /etc/systemd/system/kubelet.service /etc/systemd/system/kubelet.service.d/10-kubeadm.conf; do
  [ -e "$file" ] || continue
  packaged=/usr/lib\${file#/etc}
  [ -e "$packaged" ] || packaged=/lib\${file#/etc}
  if [ ! -e "$packaged" ]; then printf 'alone: %s\\n' "$file"
  elif cmp -s "$file" "$packaged"; then printf 'same: %s\\n' "$file"
  else printf 'shadows: %s\\n' "$file"
  fi
done
echo 'config:'
if [ -r ${configFile} ]; then cat ${configFile}; fi
folder=$(cat ${files} 2>/dev/null | sed -n '/^[[:space:]]*[#;]/d; s/.*--config-dir[= ]["'\\'']*\\([^ "'\\'']*\\).*/\\1/p' | tail -n 1)
for file in "\${folder:-/none}"/*.conf; do
  [ -r "$file" ] || continue
  printf '\\ndrop-in: %s\\n' "$file"
  cat "$file"
done
true`,
  parse: remembering(parseKubeletSetup),
};

const kept = new Set([
  'feature-gates',
  'fail-swap-on',
  'fail-cgroupv1',
  'container-runtime',
  'container-runtime-endpoint',
]);

function parseKubeletSetup(output: string): KubeletSetupFact {
  const [start = '', files = ''] = output.split(/^config:$/m);
  const [config, ...others] = files.split(/^drop-in: /m);
  const flags = start
    .split(/^file: /m)
    .slice(1)
    .flatMap((part) => flagsOf(part.slice(0, part.indexOf('\n')).trim(), linesOf(part)));
  const known = parseKubeletConfiguration(config ?? '');
  const named = (word: string) =>
    [...start.matchAll(new RegExp(`^${word}: (/.*)$`, 'gm'))].map(([, file = '']) => file);
  const dropIns = others.flatMap((part) => {
    const end = part.indexOf('\n');
    const config = parseKubeletConfiguration(part.slice(end));
    return config ? [{ file: part.slice(0, end).trim(), config }] : [];
  });
  return {
    flags,
    shadowing: named('shadows'),
    ownUnits: named('alone'),
    ...(known ? { config: known } : {}),
    ...(dropIns.length > 0 ? { dropIns } : {}),
  };
}

function linesOf(part: string): string[] {
  return part.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.slice(2)] : []));
}

/** What kubeadm writes itself into the packaged drop-in are variables: `$KUBELET_EXTRA_ARGS` is no flag. */
function flagsOf(file: string, lines: readonly string[]): KubeletFlag[] {
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:^|[\s"'=])--([a-z][a-zA-Z0-9.-]*)(?:[= ]("[^"]*"|'[^']*'|[^\s"'-][^\s"']*))?/g)].map(
      ([, name = '', value]) => ({
        file,
        name,
        ...(kept.has(name) ? { value: (value ?? 'true').replaceAll(/["']/g, '') } : {}),
      }),
    ),
  );
}
