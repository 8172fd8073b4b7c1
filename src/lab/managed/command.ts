import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { usageFailure } from '../failure.ts';
import { managedEffect } from './aws.ts';
import { settle } from './eks.ts';
import { isManaged, startManaged } from './lab.ts';
import { changeState, type ManagedState, stateFile } from './state.ts';

interface Given {
  readonly dir: string;
  readonly managed?: string;
  readonly kubernetes: string;
  readonly nodeGroups: string;
}

const TAKEN = ['--dir', '--managed', '--kubernetes', '--node-groups', '--time-scale'];

/** `lab up --managed eks`. @param named the options that were given @throws LabFailure */
export async function managedUp(given: Given, named: readonly string[], timeScale: number): Promise<string> {
  if (given.managed !== 'eks')
    throw usageFailure(`--managed ${given.managed ?? ''}: the lab has only the provider eks`);
  const strange = named.filter((option) => !TAKEN.includes(option));
  if (strange.length > 0)
    throw usageFailure(`${strange.join(', ')}: a managed lab has no nodes of its own`, [
      `It takes ${TAKEN.join(', ')}.`,
    ]);
  const minor = /^v?(1\.\d{2})(?:\.\d+)?$/.exec(given.kubernetes)?.[1];
  if (minor === undefined) throw usageFailure(`--kubernetes ${given.kubernetes} is no minor such as 1.32`);
  if (!isManaged(given.dir) && existsSync(join(given.dir, 'inventory.yaml')))
    throw usageFailure(`${given.dir} already has a lab: choose another --dir`);
  return startManaged(given.dir, { minor, groups: groupsIn(given.nodeGroups || 'general,spot', minor), timeScale });
}

function groupsIn(text: string, minor: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(',').map((part) => {
      const [, name, own] = /^([A-Za-z0-9][A-Za-z0-9_-]*)(?:=(1\.\d{2}))?$/.exec(part.trim()) ?? [];
      if (name === undefined) throw usageFailure(`--node-groups ${text}: ${part} is not of the form NAME or NAME=1.31`);
      return [name, own ?? minor] as const;
    }),
  );
}

/** `lab state` of a managed lab. */
export function managedState(dir: string, output: 'json' | 'table'): string {
  const state = changeState(stateFile(resolve(dir)), (known) => {
    settle(known, Date.now());
    return known;
  });
  if (output === 'json') return `${JSON.stringify(state, null, 2)}\n`;
  const rows = [
    ['UNIT', 'VERSION', 'UPDATES'],
    [state.cluster.name, state.cluster.version, updates(state, 'cluster', state.cluster.name)],
    ...state.addons.map(({ name, version }) => [name, version, updates(state, 'addon', name)]),
    ...state.nodegroups.map(({ name, version }) => [name, version, updates(state, 'nodegroup', name)]),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function updates(state: ManagedState, of: string, name: string): string {
  const own = state.updates.filter((one) => one.of === of && one.name === name);
  return own.map(({ to, status }) => `${to} ${status}`).join(', ') || '-';
}

/** `lab fault` of a managed lab. @throws LabFailure */
export function managedFault(dir: string, fault: ManagedState['faults'][number]): void {
  if (!managedEffect(fault.effect)) throw usageFailure(`--do ${fault.effect} is none of fail, exit:N, slow:DURATION`);
  changeState(stateFile(resolve(dir)), (state) => {
    const units = [state.cluster.name, ...state.nodegroups.map(({ name }) => name)];
    if (!units.includes(fault.unit))
      throw usageFailure(`there is no ${fault.unit} in this lab: it has ${units.join(', ')}`);
    state.faults.push(fault);
  });
}
