import type { Diagnostic } from '../diagnostic.ts';
import { expandRanges } from '../documents/ranges.ts';
import { problem, type Source } from '../documents/source.ts';
import { AnsibleModel } from './ansible-model.ts';
import { shellWords } from './words.ts';

export interface ReadModel {
  readonly model: AnsibleModel;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Ansible's INI form, which is no INI: host lines with ranges and variables, `[group]`, `[group:children]` and
 * `[group:vars]`.
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ini_inventory.html
 */
export function readAnsibleIni(source: Source): ReadModel {
  const model = new AnsibleModel();
  const diagnostics: Diagnostic[] = [];
  let section = { group: 'ungrouped', kind: 'hosts' };
  let offset = 0;
  for (const raw of source.text.split('\n')) {
    const start = offset + (raw.length - raw.trimStart().length);
    offset += raw.length + 1;
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const refuse = (summary: string, detail?: string): void => {
      diagnostics.push(problem('ansible', summary, source.span(start, start + line.length), detail));
    };
    if (line.startsWith('[')) {
      const [, group = '', kind = 'hosts'] =
        /^\[([^:\]\s]+)(?::(children|vars|hosts))?\]\s*(?:[#;].*)?$/.exec(line) ?? [];
      if (group === '') refuse('this is no section', 'Sections are [group], [group:children] and [group:vars].');
      else {
        section = { group, kind };
        model.group(group);
      }
      continue;
    }
    const wrong = readEntry(model, section, line);
    if (wrong !== undefined) refuse(wrong);
  }
  return { model, diagnostics };
}

/** @returns what is wrong with it */
function readEntry(
  model: AnsibleModel,
  { group, kind }: { readonly group: string; readonly kind: string },
  line: string,
): string | undefined {
  if (kind === 'vars') {
    const [, key, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === undefined) return 'this is no variable of the form key=value';
    model.group(group).vars.set(key, literal(value));
    return undefined;
  }
  const words = shellWords(line, true);
  if (!words) return 'a quote is never closed';
  const [name, ...pairs] = words;
  if (name === undefined) return undefined;
  if (kind === 'children') {
    model.group(group).children.add(name);
    model.group(name);
    return undefined;
  }
  const vars = new Map<string, string>();
  for (const pair of pairs) {
    const [, key, value = ''] = /^([^=]+)=([^]*)$/.exec(pair) ?? [];
    if (key === undefined) return `\`${pair}\` is no variable of the form key=value`;
    vars.set(key, value);
  }
  // `name:2222` has a port; more colons are an IPv6 address.
  const [, host = name, port] = /^([^:]+(?:\[[^\]]*\])?[^:]*):(\d+)$/.exec(name) ?? [];
  const hosts = expandRanges(host);
  if (!hosts.ok) return `${host} ${hosts.problem}`;
  for (const one of hosts.names)
    model.addHost(one, group, port === undefined ? vars : new Map([['ansible_port', port], ...vars]));
  return undefined;
}

/** A value of a `[group:vars]` section: a Python literal, of which only quotes matter here. */
function literal(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? [];
  return inner ?? value.replace(/\s+#.*$/, '');
}
