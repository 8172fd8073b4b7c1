import { messageOf } from '../failure.ts';
import { quote } from '../transport/quote.ts';
import type { ProbeResult } from '../remote/attempt.ts';

/** Runs one script on one node, in one round trip. @throws when the node cannot be asked. */
export type AskNode = (node: string, script: string) => Promise<ProbeResult>;

/** A node that answered, or why it could not be asked. */
export type Answer<T> =
  { readonly node: string; readonly value: T } | { readonly node: string; readonly problem: string };

/**
 * A whole script over `root` (a leading `~/` is the login's home). It is one compound command: a script that was cut
 * off on its way does not run at all.
 */
export function nodeScript(root: string, body: string): string {
  return `{
root=${quote(root)}
case $root in '~'/*) root=$HOME/\${root#??} ;; esac
umask 077
refuse() { echo "$*" >&2; exit 9; }
make_root() {
  [ -d "$1" ] || m=$(LC_ALL=C mkdir -p "$1" 2>&1) || refuse "$m"
  [ -O "$root" ] || refuse "$root belongs to another user"
}
sync_file() { dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null; }
${body}
}
`;
}

/** Shell words that keep `text` in `file`: written apart, synced, and only then given its name. */
export function putFile(file: string, text: string): string {
  const write = hereDocument(text, `LC_ALL=C dd of="${file}.new" conv=fsync`);
  return `${write}[ $? = 0 ] && mv -f "${file}.new" "${file}" || refuse "cannot write ${file}"\n`;
}

/** `command` with `text` on its stdin. */
export function hereDocument(text: string, command: string): string {
  let end = 'RUNBOOK_END';
  while (text.includes(end)) end += '_';
  return `cat <<'${end}' | ${command}\n${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${end}\n`;
}

/** Asks all nodes at once; a node that cannot be asked is an answer too. Never rejects. */
export function askAll<T>(
  nodes: readonly string[],
  ask: AskNode,
  script: (node: string) => string,
  parse: (stdout: string) => T,
): Promise<Answer<T>[]> {
  return Promise.all(nodes.map((node) => askOne(node, ask, script(node), parse)));
}

/** {@link askAll} of one node. */
export async function askOne<T>(
  node: string,
  ask: AskNode,
  script: string,
  parse: (stdout: string) => T,
): Promise<Answer<T>> {
  try {
    const { code, stdout, stderr } = await ask(node, script);
    if (code !== 0) throw new Error(reasonIn(stderr) || `exit ${code}`);
    return { node, value: parse(stdout) };
  } catch (error) {
    return { node, problem: messageOf(error) };
  }
}

/** Leaves out dd's counts. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^\d+(\+\d+ records|.* copied)/.test(line)).join('; ');
}
