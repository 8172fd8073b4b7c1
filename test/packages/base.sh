#!/bin/sh
# Makes the file system of a node once and prints its folder: no other operating system, no network and no root needed
# afterwards to look at it, but root to make it. The mirror is the one of this machine's own apt sources.
# Usage: base.sh [debian|dnf|zypper]; the last two have that package manager, and rpm's database with nothing in it.
set -eu
PATH=$PATH:/usr/sbin:/sbin
export PATH
kind=${1:-debian}
case $kind in
debian) packages= ;;
dnf) packages='rpm cpio dnf dnf-plugins-core' ;;
zypper) packages='rpm cpio zypper' ;;
*) echo "no kind of node: $kind" >&2; exit 2 ;;
esac
suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
cache=$(cd "$(dirname "$0")/../../node_modules" && pwd)/.cache/nodes
base=$cache/$suite-$kind

# Only sources whose lists are here are known: lists of its own leave those of the machine alone.
update_lists() {
  mkdir -p "$cache/lists/partial"
  [ -e "$cache/lists/updated" ] || apt-get -q -o Dir::State::lists="$cache/lists" update >"$cache/log" 2>&1 || tail -n 20 "$cache/log" >&2
  touch "$cache/lists/updated"
}

mirror() {
  update_lists
  found=$(apt-get -q -o Dir::State::lists="$cache/lists" indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n "s/^$suite main //p" | head -n 1)
  [ -n "$found" ] || { echo "no source of this machine has $suite main" >&2; return 1; }
  printf '%s' "$found"
}

# This machine's apt fetches what that file system has not; the one there installs it.
install() { # PACKAGE...
  update_lists
  apt-get -q -y --no-install-recommends -o Dir::State::lists="$cache/lists" -o Dir::State::status="$root/var/lib/dpkg/status" \
    -o Dir::Cache::archives="$root/var/cache/apt/archives" -o APT::Sandbox::User=root --download-only install "$@"
  DEBIAN_FRONTEND=noninteractive chroot "$root" sh -c 'apt-get -q -y -o APT::Sandbox::User=root -o DPkg::Options::=--force-unsafe-io install /var/cache/apt/archives/*.deb'
}

logged() {
  "$@" >"$cache/log" 2>&1 || { tail -n 20 "$cache/log" >&2; return 1; }
}

# A Debian that passes for a distribution of rpm's: another name, and no program of apt or dpkg.
disguise() { # ID ID_LIKE VERSION_ID
  rm -f "$root/etc/os-release" "$root"/usr/bin/apt* "$root"/usr/bin/dpkg*
  printf 'ID=%s\nID_LIKE="%s"\nVERSION_ID="%s"\nPRETTY_NAME="%s %s"\n' "$1" "$2" "$3" "$1" "$3" >"$root/etc/os-release"
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
http_proxy=${http_proxy:-$(apt-config dump --format '%v%n' Acquire::http::Proxy | head -n 1)}
case $http_proxy in *://*) export http_proxy ;; esac
debian=$cache/$suite-debian
if [ ! -e "$debian" ]; then
  root=$debian.new
  rm -rf "$root"
  mirror=$(mirror)
  logged debootstrap --variant=minbase --include=curl,gpg "$suite" "$root" "$mirror"
  # What a node asks for besides the tests' own repository would be an error of the tests.
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/etc/apt/sources.list "$root"/var/lib/apt/lists/*
  mkdir -p "$root/var/lib/apt/lists/partial" "$root/etc/apt/keyrings"
  # The device nodes come from the machine at the start of each node.
  rm -rf "$root"/dev/*
  mv "$root" "$debian"
fi
if [ ! -e "$base" ]; then
  root=$base.new
  rm -rf "$root"
  cp -a "$debian" "$root"
  logged install $packages
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/dev/*
  # Debian's rpm keeps a database for each user; its dnf and zypper look for it here.
  mkdir -p "$root/etc/rpm"
  echo '%_dbpath /var/lib/rpm' >"$root/etc/rpm/macros"
  case $kind in
  dnf)
    disguise rocky 'rhel centos fedora' 9.6
    # As Rocky Linux 9 has it.
    printf '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n' >"$root/etc/dnf/dnf.conf"
    mkdir -p "$root/etc/yum.repos.d"
    # A plugin that Debian enables and others do not have.
    printf '[main]\nenabled = false\n' >"$root/etc/dnf/plugins/local.conf" ;;
  zypper)
    disguise opensuse-leap 'suse opensuse' 15.6
    mkdir -p "$root/etc/zypp/repos.d" ;;
  esac
  mv "$root" "$base"
fi
printf '%s\n' "$base"
