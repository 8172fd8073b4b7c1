interface Statement {
  readonly name: string;
  /** What is true of it, from its verb on: `is at 1.31.9`, `has no manifest`. */
  readonly is: string;
}

/** Sentences of which neighbours that say the same are one: `kubelet and kubectl are at 1.31.9`. */
export function joined(statements: readonly Statement[]): string[] {
  const groups: { readonly names: string[]; readonly is: string }[] = [];
  for (const { name, is } of statements) {
    const last = groups.at(-1);
    if (last?.is === is) last.names.push(name);
    else groups.push({ names: [name], is });
  }
  return groups.map(({ names, is }) => {
    if (names.length === 1) return `${names[0] ?? ''} ${is}`;
    const all = `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
    return `${all} ${is.replace(/^is /, 'are ').replace(/^has /, 'have ')}`;
  });
}
