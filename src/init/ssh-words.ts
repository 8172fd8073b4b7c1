import { defined, type Jump, type Login } from './found.ts';
import { shellWords } from './words.ts';

/** What options of `ssh` say of a login, and what of them is not carried over. */
export interface SshWords {
  readonly login: Login;
  readonly notes: readonly string[];
}

/** `-o ProxyJump=...`, `-J`, `-o ProxyCommand="ssh -W %h:%p ..."`, as in Ansible's `ansible_ssh_common_args`. */
export function readSshArguments(text: string): SshWords {
  const words = shellWords(text);
  if (!words) return { login: {}, notes: [`not carried over, a quote is never closed: ${text}`] };
  const settings: [string, string][] = [];
  const strange: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, letter = '', attached = ''] = /^-([oJipFl])(.*)$/.exec(word) ?? [];
    if (letter === '') {
      strange.push(word);
      continue;
    }
    if (attached === '') at += 1;
    const value = attached === '' ? (words[at] ?? '') : attached;
    const [, key = '', rest = ''] = /^\s*([A-Za-z]+)\s*[=\s]\s*([^]*)$/.exec(value) ?? [];
    const named = { J: 'ProxyJump', i: 'IdentityFile', p: 'Port', l: 'User' }[letter];
    if (named !== undefined) settings.push([named, value]);
    else if (letter === 'o' && key !== '') settings.push([key, rest]);
    else strange.push(`-${letter} ${value}`);
  }
  const { login, notes } = readSettings(settings);
  return { login, notes: [...notes, ...strange.map((word) => `not carried over: ssh option ${word}`)] };
}

/** Settings of ssh_config by their names, the first one of a name first. */
export function readSettings(settings: readonly (readonly [string, string])[]): SshWords {
  const notes: string[] = [];
  const all = (name: string) => settings.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  const first = (name: string) => all(name)[0];
  // Of the two, the one that comes first counts.
  const proxy = settings.find(([key]) => /^proxy(?:jump|command)$/i.test(key));
  const isJump = proxy?.[0].toLowerCase() === 'proxyjump';
  const jump = jumpOf(isJump ? proxy?.[1] : undefined, isJump ? undefined : proxy?.[1], notes);
  const keys = all('identityfile').filter((file) => file !== 'none');
  const known = all('userknownhostsfile').flatMap((value) => shellWords(value) ?? []);
  if (known.includes('/dev/null'))
    notes.push('not carried over: UserKnownHostsFile /dev/null; host keys stay verified');
  const checking = first('stricthostkeychecking');
  if (checking !== undefined && /^(no|off|accept-new)$/i.test(checking))
    notes.push(`not carried over: StrictHostKeyChecking ${checking}; host keys stay verified (log in once with ssh)`);
  for (const name of ['certificatefile', 'identityagent', 'hostkeyalias'])
    if (first(name) !== undefined)
      notes.push(`not carried over: ${settings.find(([key]) => key.toLowerCase() === name)?.[0]} ${first(name)}`);
  const port = Number(first('port'));
  const files = known.filter((file) => file !== '/dev/null' && file !== 'none');
  const login = defined<Login>({
    user: first('user'),
    port: Number.isInteger(port) && port > 0 && port <= 65_535 ? port : undefined,
    identityFile: keys.length > 0 ? keys : undefined,
    knownHosts: files.length > 0 ? files : undefined,
    jump,
  });
  return { login, notes };
}

function jumpOf(jump: string | undefined, command: string | undefined, notes: string[]): Login['jump'] {
  if (jump !== undefined)
    return jump === 'none' ? undefined : jump.split(',').map((one) => one.trim().replace(/^ssh:\/\//, ''));
  if (command === undefined || command === 'none') return undefined;
  const plain = jumpOfCommand(command);
  if (plain) return [plain];
  notes.push(`not carried over, and needed to connect: ProxyCommand ${command}`);
  return undefined;
}

/** `ssh -W %h:%p [-i KEY] [-p PORT] [-q] [-o ...] [user@]host` is a jump host; another command is none. */
function jumpOfCommand(command: string): Jump | undefined {
  const [program, ...words] = shellWords(command) ?? [];
  if (program === undefined || !/(^|\/)ssh$/.test(program)) return undefined;
  const values = new Map<string, string>();
  let target: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, letter = '', attached = ''] = /^-([Wiploq46aATxCnNfv])(.*)$/.exec(word) ?? [];
    if (letter === '' && (word.startsWith('-') || target !== undefined)) return undefined;
    if (letter === '') target = word;
    else if ('Wiplo'.includes(letter)) {
      if (attached === '') at += 1;
      values.set(letter, attached === '' ? (words[at] ?? '') : attached);
    }
  }
  if (target === undefined || values.get('W') !== '%h:%p') return undefined;
  const [, user = values.get('l'), host = target] = /^(?:(.+)@)?(.+)$/.exec(target) ?? [];
  if (host.includes('%') || user?.includes('%') === true) return undefined;
  const [key, port] = [values.get('i'), values.get('p')];
  return defined<Jump>({
    host,
    user,
    port: port === undefined ? undefined : Number(port),
    identityFile: key === undefined ? undefined : [key],
  });
}
