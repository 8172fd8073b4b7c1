import type { Diagnostic } from '../diagnostic.ts';
import { cycleFrom } from './inventory-nodes.ts';
import { suggest } from './nearest.ts';
import { expandRanges } from './ranges.ts';
import { ROLE_WORDS } from './selectors.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem } from './source.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** Each may be within another: the checks go as deep. */
const MOST_GROUPS = 1000;

interface Group {
  readonly name: string;
  /** Where its members are listed, and what is there. */
  readonly path: Path;
  readonly members: readonly unknown[];
}

/** Names of groups, their members, and groups that contain themselves. */
export function checkGroups(document: YamlDocument, raw: unknown, nodes: ReadonlySet<string>): Diagnostic[] {
  const groups = entriesOf(raw).map(([name, group]): Group => {
    const path = ['groups', name];
    if (!isMap(group)) return { name, path, members: itemsOf(group) };
    return { name, path: [...path, 'nodes'], members: itemsOf(group['nodes']) };
  });
  if (groups.length > MOST_GROUPS) {
    const summary = `these are ${groups.length} groups; an inventory has at most ${MOST_GROUPS}`;
    return [problem('too-large', summary, document.keyAt(['groups']))];
  }
  const known = new Set([...nodes, ...groups.map(({ name }) => name)]);
  return [
    ...groups.flatMap(({ name }) => checkName(document, name, nodes)),
    ...groups.flatMap((group) => checkMembers(document, group, known)),
    ...checkCycles(
      document,
      groups.filter(({ name }) => !nodes.has(name)),
    ),
  ];
}

function checkName(document: YamlDocument, name: string, nodes: ReadonlySet<string>): Diagnostic[] {
  const span = document.keyAt(['groups', name]);
  if (Object.hasOwn(ROLE_WORDS, name)) {
    return [problem('reserved', `a group cannot be called \`${name}\`: this word selects nodes by role`, span)];
  }
  return nodes.has(name) ? [problem('reserved', `\`${name}\` is the name of a node already`, span)] : [];
}

function checkMembers(document: YamlDocument, { name, path, members }: Group, known: ReadonlySet<string>) {
  return members.flatMap((member, index): Diagnostic[] => {
    if (typeof member !== 'string' || member === '') return [];
    const span = document.at([...path, index]);
    const expanded = expandRanges(member);
    if (!expanded.ok) return [problem('range', `\`${member}\` ${expanded.problem}`, span)];
    const unknown = expanded.names.find((one) => !known.has(one));
    if (unknown === undefined) return [];
    const summary = `group \`${name}\` names \`${unknown}\`, which is neither a node nor a group`;
    return [problem('unknown-node', summary, span, suggest(unknown, [...known], 'known'))];
  });
}

function checkCycles(document: YamlDocument, groups: readonly Group[]): Diagnostic[] {
  const members = Object.fromEntries(
    groups.map((group) => [group.name, group.members.filter((member) => typeof member === 'string')]),
  );
  const reported = new Set<string>();
  return groups.flatMap(({ name }) => {
    const chain = reported.has(name) ? undefined : cycleFrom(name, members);
    if (!chain) return [];
    for (const part of chain) reported.add(part);
    const summary = `group \`${name}\` contains itself: ${chain.join(' > ')}`;
    return [problem('group-cycle', summary, document.keyAt(['groups', name]))];
  });
}
