import type { Fact } from './fact.ts';
import { kubernetesPackages } from './packages.ts';

/** Updates of the operating system, without the Kubernetes packages. */
export interface OsUpdatesFact {
  /** Names of packages, sorted. */
  readonly pending: readonly string[];
  /** Why the sources could not all be asked. */
  readonly error?: string;
}

/**
 * What an update of the operating system would change, by lists that are fetched for this question into a folder of its own: the
 * node's own stay as they are. What apt would only configure (Conf) is an update that was cut off. dnf exits with 100 where there are
 * updates, and breaks the line after a long name.
 */
export const osUpdates: Fact<OsUpdatesFact> = {
  command: 'apt-get -s upgrade (or dnf check-update)',
  remedy: 'Look at its package sources there.',
  script: () =>
    `if command -v apt-get >/dev/null 2>&1; then
  lists=$(mktemp -d) && mkdir -p "$lists/partial" || exit
  own="-o Dir::State::Lists=$lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Debug::NoLocking=1"
  apt-get -q -q $own -o Acquire::Retries=3 -o APT::Update::Error-Mode=any update >/dev/null 2>"$lists/said" || {
    sed -n 's/^[EW]: /failed: /p' "$lists/said" | head -n 3
  }
  if said=$(apt-get -s $own --with-new-pkgs upgrade 2>"$lists/said"); then
    printf '%s\\n' "$said" | sed -n -e 's/^Inst \\([^ ]*\\).*/pending: \\1/p' -e 's/^Conf \\([^ ]*\\).*/pending: \\1/p'
  else
    echo "failed: apt-get upgrade: $(sed -n 's/^E: //p' "$lists/said" | head -n 1)"
  fi
  rm -rf "$lists"
elif command -v dnf >/dev/null 2>&1 || command -v yum >/dev/null 2>&1; then
  manager=dnf
  command -v dnf >/dev/null 2>&1 || manager=yum
  said=$($manager -q check-update 2>/dev/null)
  case $? in
    0) ;;
    100) printf '%s\\n' "$said" | sed -n '/^Obsoleting/,$d; s/^\\([^ ]*\\)\\.[^. ]* .*/pending: \\1/p; s/^\\([^ ]*\\)\\.[^. ]*$/pending: \\1/p' ;;
    *) echo "failed: $manager check-update" ;;
  esac
else
  echo 'failed: neither apt-get nor dnf is here'
fi
true`,
  parse: parseOsUpdates,
};

export function parseOsUpdates(output: string): OsUpdatesFact {
  const words = (name: string) =>
    [...output.matchAll(new RegExp(`^${name}: (.+)$`, 'gm'))].map(([, word = '']) => word);
  const [error] = words('failed');
  const kubernetes: readonly string[] = kubernetesPackages;
  const pending = [...new Set(words('pending'))].filter((name) => !kubernetes.includes(name)).toSorted();
  return { pending, ...(error === undefined ? {} : { error }) };
}
