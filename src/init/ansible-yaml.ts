import { expandRanges } from '../documents/ranges.ts';
import { entriesOf, isMap } from '../documents/shapes.ts';
import { problem, type Source } from '../documents/source.ts';
import { type Path, readYaml } from '../documents/yaml.ts';
import type { ReadModel } from './ansible-ini.ts';
import { AnsibleModel } from './ansible-model.ts';

/**
 * Ansible's YAML form: groups with `hosts`, `vars` and `children`, from `all` down.
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/yaml_inventory.html
 */
export function readAnsibleYaml(source: Source): ReadModel {
  const document = readYaml(source);
  const model = new AnsibleModel();
  // `!vault` and `!unsafe` are Ansible's own tags: their text is kept, and never carried over.
  const diagnostics = document.diagnostics.filter(({ summary }) => !summary.startsWith('unknown tag:'));
  const refuse = (path: Path, summary: string, span = document.at(path)): void => {
    diagnostics.push(problem('ansible', summary, span));
  };

  const part = (path: Path, value: unknown, what: string): readonly (readonly [string, unknown])[] => {
    if (value !== undefined && value !== null && !isMap(value)) refuse(path, `${what} must be a map`);
    return entriesOf(value);
  };
  const readVars = (path: Path, value: unknown): Map<string, string> =>
    new Map(part(path, value, 'variables').map(([key, one]) => [key, textOf(one)]));

  const readGroup = (name: string, value: unknown, path: Path): void => {
    const group = model.group(name);
    const parts = new Map(part(path, value, `group \`${name}\``));
    for (const key of parts.keys())
      if (!['hosts', 'vars', 'children'].includes(key))
        refuse(
          [...path, key],
          `a group has \`hosts\`, \`vars\` and \`children\`, no \`${key}\``,
          document.keyAt([...path, key]),
        );
    for (const [key, text] of readVars([...path, 'vars'], parts.get('vars'))) group.vars.set(key, text);
    for (const [pattern, vars] of part([...path, 'hosts'], parts.get('hosts'), '`hosts`')) {
      const at = [...path, 'hosts', pattern];
      const hosts = expandRanges(pattern);
      if (!hosts.ok) refuse(at, `${pattern} ${hosts.problem}`);
      else for (const host of hosts.names) model.addHost(host, name, readVars(at, vars));
    }
    for (const [child, inner] of part([...path, 'children'], parts.get('children'), '`children`')) {
      group.children.add(child);
      readGroup(child, inner, [...path, 'children', child]);
    }
  };

  if (document.sound)
    for (const [name, value] of part([], document.value, 'an inventory of Ansible')) readGroup(name, value, [name]);
  return { model, diagnostics };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
