import { withoutEpoch } from '../lib/revision.ts';
import { kubernetesPackages, type PackageReading } from '../manager.ts';
import { LOCKS } from './commands.ts';
import { aptFetchFunction } from './fetch-function.ts';
import { sourcesOf } from './sources.ts';

const names = kubernetesPackages.join(' ');
const pattern = kubernetesPackages.join('|');
const LISTS = '/etc/apt/sources.list /etc/apt/sources.list.d/*.list';
const STANZAS = '/etc/apt/sources.list.d/*.sources';

const FOUND = `archives() {
  for file in "$cache/$1"_*.deb; do
    if [ -f "$file" ]; then printf 'archive: %s\\n' "$file"; fi
  done
}`;

/**
 * dpkg writes the list of a package's files when it unpacks it. What is offered is read into separate lists: the
 * node's own do not change.
 */
const SOFTWARE = `software() {
  found=$(dpkg-query -W -f='\${Version} \${db:Status-Abbrev}\\n' "$1" 2>/dev/null | head -n 1)
  [ -n "$found" ] || return 0
  files=/var/lib/dpkg/info/$1.list
  [ -e "$files" ] || files=$(ls /var/lib/dpkg/info/"$1":*.list 2>/dev/null | head -n 1)
  printf 'installed: %s %s %s\\n' "$1" "$found" "$(stat -c %Y "$files" 2>/dev/null)"
}
offers() {
  lists=$(mktemp -d) && mkdir -p "$lists/partial" || return
  own="-o Dir::State::Lists=$lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Debug::NoLocking=1"
  apt-get -q -q $own -o Acquire::Retries=3 -o APT::Update::Error-Mode=any update >/dev/null 2>"$lists/said" || {
    sed -n 's/^[EW]: /failed: /p' "$lists/said" | head -n 3
  }
  for name in "$@"; do
    apt-cache $own madison "$name" 2>/dev/null | sed -n "s/^[^|]*| *\\([^ |]*\\) *|.*Packages *$/offer: $name \\1/p"
    apt-cache $own policy "$name" 2>/dev/null | sed -n "s/^ *Candidate: *\\([^( ][^ ]*\\) *$/candidate: $name \\1/p"
  done
  rm -rf "$lists"
}`;

export const reading: PackageReading = {
  // Others have dpkg or apt-get as a package to work with Debian's.
  detect: 'command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1',
  identify: 'echo apt',
  ids: ['apt'],
  listing: `dpkg-query -W ${names}; apt-mark showhold`,
  // dpkg-query exits 1 as soon as one of the names is not installed.
  installed: `dpkg-query -W -f='\${Package} \${Version} \${db:Status-Abbrev}\\n' ${names} 2>/dev/null
  apt-mark showhold | sed 's/^/held: /'`,
  database: 'dpkg',
  sourceFiles: [...LISTS.split(' '), STANZAS],
  sourcesOf,
  keyrings: `for file in ${LISTS} ${STANZAS}; do
  [ -f "$file" ] || continue
  if grep -q 'core:/' "$file"; then
    sed -n '/^[[:space:]]*#/d; s/.*[Ss]igned-[Bb]y[=:][[:space:]]*\\(\\/[^], ]*\\).*/\\1/p' "$file"
  fi
done | sort -u | while read -r keyring; do
  [ -r "$keyring" ] || continue
  printf 'keyring: %s\\n' "$keyring"
  gpg --homedir "$home" --batch --no-options --show-keys --with-colons "$keyring" 2>/dev/null </dev/null | grep '^pub:'
done`,
  fetchFunction: aptFetchFunction,
  offered: `debs() {
  awk '/^Package: /{p=$2} /^Version: /{v=$2} /^$/{if (p ~ /^(${pattern})$/) print "offers: " m, p, v; p=""; v=""} END{if (p ~ /^(${pattern})$/) print "offers: " m, p, v}' m="$1" - | sort -u
}
offered() {
  url=$2/v$1/deb/; printf 'url: %s %s\\n' "$1" "$url"
  index=$(fetch "\${url}Packages" 2>/dev/null); code=$?
  found=$(printf '%s\\n' "$index" | debs "$1")
  if [ -z "$found" ] && [ "$code" != 28 ]; then found=$(fetch "\${url}Packages.gz" 2>/dev/null | gzip -dc 2>/dev/null | debs "$1"); fi
  [ -z "$found" ] || { printf '%s\\n' "$found"; return; }
  why=$(fetch "\${url}Packages" 2>&1 >/dev/null | tail -n 1)
}`,
  software: SOFTWARE,
  listingUpdates: 'apt-get -s upgrade',
  // By separate lists: the node's do not change. What apt would only configure (Conf) is an interrupted update.
  updates: `lists=$(mktemp -d) && mkdir -p "$lists/partial" || exit
  own="-o Dir::State::Lists=$lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Debug::NoLocking=1"
  apt-get -q -q $own -o Acquire::Retries=3 -o APT::Update::Error-Mode=any update >/dev/null 2>"$lists/said" || {
    sed -n 's/^[EW]: /failed: /p' "$lists/said" | head -n 3
  }
  if said=$(apt-get -s $own --with-new-pkgs upgrade 2>"$lists/said"); then
    printf '%s\\n' "$said" | sed -n -e 's/^Inst \\([^ ]*\\).*/pending: \\1/p' -e 's/^Conf \\([^ ]*\\).*/pending: \\1/p'
  else
    echo "failed: apt-get upgrade: $(sed -n 's/^E: //p' "$lists/said" | head -n 1)"
  fi
  rm -rf "$lists"`,
  kernel: /^linux-image/,
  audit: {
    command: 'dpkg --audit',
    script: "dpkg --audit 2>/dev/null | sed 's/^/audit: /'",
    // Each paragraph says what is wrong, then lists its packages, indented by one space, with their descriptions.
    brokenName: (line) => /^audit: {2}([a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?)(?:\s|$)/.exec(line)?.[1],
    finishing: 'dpkg --configure -a, keeping your configuration files',
    remedy: 'Look at `dpkg --audit` there and finish it: dpkg --configure -a, then apt-get -f install.',
  },
  locks: LOCKS,
  background: 'apt-daily, unattended-upgrades',
  caches: ['/var/cache/apt/archives'],
  cleaning: 'apt-get clean',
  archives: `cache=/var/cache/apt/archives
if command -v apt-config >/dev/null 2>&1; then eval "$(apt-config shell cache Dir::Cache::archives/d)"; fi
cache=\${cache%/}
${FOUND}`,
  archivesIn: (folder) => `cache=${folder}\n${FOUND}`,
  // An epoch's colon is written as %3a in the names of archives.
  archiveOf: (file) => {
    const [, name, revision] = /([^/_]+)_([^_/]+)_[^_/]+\.deb$/.exec(file) ?? [];
    return name === undefined || revision === undefined ? undefined : { name, revision: withoutEpoch(revision) };
  },
  unpackKubeadm: (
    revision,
    folder,
  ) => `for deb in "$cache"/kubeadm_${revision}_*.deb "$cache"/kubeadm_*%3a${revision}_*.deb; do
  if [ -f "$deb" ]; then dpkg-deb -x "$deb" ${folder} || exit; fi
done`,
};
