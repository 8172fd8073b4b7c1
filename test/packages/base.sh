#!/bin/sh
# Makes the file system of a Debian node once and prints its folder: no other operating system, no network and no root needed afterwards
# to look at it, but root to make it. The mirror is the one of this machine's own apt sources.
set -eu
PATH=$PATH:/usr/sbin:/sbin
export PATH
suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
cache=$(cd "$(dirname "$0")/../../node_modules" && pwd)/.cache/debian-nodes
base=$cache/$suite
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -e "$base" ]; then
  mirror_of() {
    apt-get "$@" indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' | sed -n "s/^$suite main //p" | head -n 1
  }
  mirror=$(mirror_of -q)
  if [ -z "$mirror" ]; then
    # Only sources whose lists are here are shown: lists of its own leave those of the machine alone.
    mkdir -p "$cache/lists/partial"
    apt-get -q -o Dir::State::lists="$cache/lists" update >"$cache/log" 2>&1 || tail -n 20 "$cache/log" >&2
    mirror=$(mirror_of -o Dir::State::lists="$cache/lists")
    rm -rf "$cache/lists"
  fi
  [ -n "$mirror" ] || { echo "no source of this machine has $suite main" >&2; exit 1; }
  http_proxy=${http_proxy:-$(apt-config dump --format '%v%n' Acquire::http::Proxy | head -n 1)}
  case $http_proxy in *://*) export http_proxy ;; esac
  rm -rf "$base.new"
  debootstrap --variant=minbase --include=curl,gpg "$suite" "$base.new" "$mirror" >"$cache/log" 2>&1 || { tail -n 20 "$cache/log" >&2; exit 1; }
  # What a node asks for besides the tests' own repository would be an error of the tests.
  rm -rf "$base.new"/var/cache/apt/archives/*.deb "$base.new"/etc/apt/sources.list "$base.new"/var/lib/apt/lists/*
  mkdir -p "$base.new/var/lib/apt/lists/partial" "$base.new/etc/apt/keyrings"
  # The device nodes come from the machine at the start of each node.
  rm -rf "$base.new"/dev/*
  mv "$base.new" "$base"
fi
printf '%s\n' "$base"
