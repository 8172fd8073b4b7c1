import type { Fact } from './fact.ts';

/** A configuration file that a flag of a static pod names, and what kinds are in it. */
export interface ConfigFile {
  readonly component: string;
  /** Without dashes. */
  readonly flag: string;
  /** Where it is on the node. */
  readonly file: string;
  /** It is not there. */
  readonly missing?: true;
  /** Of the file and of what is embedded in it: `audit.k8s.io/v1 Policy`. */
  readonly kinds: readonly string[];
  /** The version of each KMS provider that is configured; v1 where none is given. */
  readonly kms?: readonly string[];
}

/** By component: the flags of the API server and of the scheduler that name files with a kind of their own. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  'kube-apiserver': [
    'admission-control-config-file',
    'audit-policy-file',
    'authentication-config',
    'authorization-config',
    'egress-selector-config-file',
    'encryption-provider-config',
    'tracing-config-file',
  ],
  'kube-scheduler': ['config'],
};

/** An admission configuration names further files, by paths from its own folder or from the root. */
const NAMES_FILES = 'admission-control-config-file';

/**
 * Prints a line for each such flag of a manifest: component, flag, path in the container, path on the node (by its
 * volumes). It looks at the lines of the items of lists, as kubeadm and people write them.
 */
const flagsOfManifest = `awk '
  /^ *- / { name = ""; mount = ""; host = "" }
  { line = $0; sub(/^ *(- )?/, "", line); sub(/ *$/, "", line); gsub(/["\\047]/, "", line) }
  wanted && component == "" && /^ *- / { component = line; sub(/.*\\//, "", component) }
  line == "command:" { wanted = 1 }
  line ~ /^--[a-z-]+=\\// { count++; at = index(line, "="); flag[count] = substr(line, 3, at - 3); path[count] = substr(line, at + 1) }
  line ~ /^name: / { name = substr(line, 7) }
  line ~ /^mountPath: / { mount = substr(line, 12) }
  line ~ /^path: / { host = substr(line, 7) }
  name != "" && mount != "" { mounts[name] = mount }
  name != "" && host != "" { hosts[name] = host }
  END {
    for (i = 1; i <= count; i++) {
      best = ""; real = path[i]
      for (name in mounts) {
        mount = mounts[name]
        if (!(name in hosts) || length(mount) <= length(best)) continue
        if (path[i] != mount && index(path[i], mount "/") != 1) continue
        best = mount; real = hosts[name] substr(path[i], length(mount) + 1)
      }
      print component "\\t" flag[i] "\\t" path[i] "\\t" real
    }
  }'`;

/** Prints nothing of a file but keys and values of this form: some of these files hold keys of encryption. */
const kindsOf = `grep -v '^[[:space:]]*#' "$1" | grep -oE "(^|[^A-Za-z0-9_])[\\"']?(apiVersion|kind|kms)[\\"']?[[:space:]]*:[[:space:]]*[\\"']?[A-Za-z0-9./_-]*"`;

const pathsOf = `grep -v '^[[:space:]]*#' "$1" | grep -oE "(^|[^A-Za-z0-9_])[\\"']?path[\\"']?[[:space:]]*:[[:space:]]*[\\"']?[^\\"',[:space:]]+"`;

/** Reads the lines with a kind or a version, and no others, of the files that flags of static pods name. */
export const configFiles: Fact<readonly ConfigFile[]> = {
  command: 'grep -E "apiVersion|kind" FILES   # those that flags of /etc/kubernetes/manifests name',
  remedy: 'Look at the manifests and at the files that their flags name.',
  script: () => `kinds() {
  [ -f "$1" ] || { echo missing; return 0; }
  ${kindsOf}
  return 0
}
tab=$(printf '\\t')
for manifest in /etc/kubernetes/manifests/*; do
  [ -f "$manifest" ] || continue
  ${flagsOfManifest} "$manifest"
done | while IFS="$tab" read -r component flag inside file; do
  case $component/$flag in ${patterns()}) ;; *) continue ;; esac
  printf 'file: %s %s %s\\n' "$component" "$flag" "$file"
  kinds "$file"
  [ "$flag" = ${NAMES_FILES} ] && [ -f "$file" ] || continue
  set -- "$file"
  ${pathsOf} | sed "s/.*[\\"':[:space:]]//" | while read -r other; do
    case $other in
      "\${inside%/*}"/*) other=\${file%/*}\${other#"\${inside%/*}"} ;;
      /*) ;;
      *) other=\${file%/*}/$other ;;
    esac
    printf 'file: %s %s %s\\n' "$component" "$flag" "$other"
    kinds "$other"
  done
done
true`,
  parse: parseConfigFiles,
};

function patterns(): string {
  return Object.entries(FLAGS)
    .flatMap(([component, flags]) => flags.map((flag) => `${component}/${flag}`))
    .join('|');
}

function parseConfigFiles(output: string): ConfigFile[] {
  return output
    .split(/^file: /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...lines] = part.split('\n');
      const [component = '', flag = '', ...path] = head.split(' ');
      const file = { component, flag, file: path.join(' ') };
      if (lines.includes('missing')) return { ...file, missing: true, kinds: [] };
      const { kinds, kms } = contentOf(lines.flatMap(tokenOf));
      return { ...file, kinds, ...(kms.length > 0 ? { kms } : {}) };
    });
}

interface Token {
  readonly key: string;
  readonly value: string;
}

function tokenOf(line: string): Token[] {
  const [, key, value = ''] = /(apiVersion|kind|kms)["']?\s*:\s*["']?([\w./-]*)$/.exec(line) ?? [];
  return key === undefined ? [] : [{ key, value }];
}

/** A version and the kind next to it, in either order. Within `kms` there is a version alone. */
function contentOf(tokens: readonly Token[]): { readonly kinds: string[]; readonly kms: string[] } {
  const kinds: string[] = [];
  const kms: string[] = [];
  let open: { apiVersion?: string; kind?: string } = {};
  let inKms = false;
  for (const { key, value } of tokens) {
    if (key === 'kms') {
      kms.push('v1');
      inKms = true;
    } else if (key === 'apiVersion' && inKms && /^v\d+\w*$/.test(value)) {
      kms[kms.length - 1] = value;
      inKms = false;
    } else {
      open = { ...open, [key]: value };
      if (open.apiVersion === undefined || open.kind === undefined) continue;
      kinds.push(`${open.apiVersion} ${open.kind}`);
      open = {};
    }
  }
  return { kinds, kms };
}
