/** A condition and the shell function that fetches where it is true. */
type Way = readonly [condition: string, run: string];

/**
 * Shell function: `fetch URL [FILE]` gets a file of a package repository (to stdout without FILE) with one program, as
 * the package manager does: `first` and `last` are its own ways, `proxies` sets the variables of curl and wget.
 */
export function fetchFunction(own: { readonly first?: Way; readonly last?: Way; readonly proxies?: string }): string {
  const proxies = own.proxies === undefined ? '' : `${own.proxies}; `;
  const ways: readonly Way[] = [
    ...(own.first ? [[own.first[0], `${own.first[1]} "$@"`] as const] : []),
    ['command -v curl >/dev/null 2>&1', `${proxies}curl -fsSL --connect-timeout 8 --max-time 20 -o "\${2:--}" "$1"`],
    ['command -v wget >/dev/null 2>&1', `${proxies}wget -q -O "\${2:--}" --tries=1 --timeout=15 "$1"`],
    ...(own.last ? [[own.last[0], `${own.last[1]} "$@"`] as const] : []),
  ];
  return `fetch() {
  ${ways.map(([condition, run]) => `if ${condition}; then ${run}`).join('\n  el')}
  else echo 'there is no program such as curl or wget to fetch with' >&2; return 127
  fi
}`;
}
