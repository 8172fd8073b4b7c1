import { type BoundStep, stepOf } from '../actions/bound-step.ts';
import { installPackages } from '../actions/install-packages.ts';
import { pinsOf } from '../actions/lib/other-packages.ts';
import { service, type ServiceOptions } from '../actions/service.ts';
import type { NodeFacts } from '../facts/facts.ts';
import type { UnitFact } from '../facts/units.ts';
import type { Guard } from './guard.ts';
import { type Draft, findingOf } from './lib/subject.ts';

export const units: Guard = {
  id: 'units',
  title: 'A unit of systemd that is to be changed is there, and can be changed so',
  source: 'systemctl(1); systemd.unit(5): masked units, the [Install] section; systemd.service(5): ExecReload=',
  facts: [],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  binding: 'systemd itself would refuse it',
  check: ({ step, before }) =>
    step
      ? judge(step, before.nodes[step.node.name]).map((draft) => findingOf(units, { node: step.node.name, ...draft }))
      : [],
};

function judge(step: BoundStep, facts: NodeFacts | undefined): Draft[] {
  const install = stepOf(step, installPackages)?.with;
  const isNew = install && pinsOf(install).some(({ name }) => !facts?.software?.[name]?.installed);
  const restarted = (install?.services ?? []).flatMap((name) => {
    const unit = facts?.units?.[name];
    // A package that is not installed yet may bring it.
    return unit && !(isNew && unit.load === 'not-found') ? unusable(step.node.name, name, unit) : [];
  });
  const options = stepOf(step, service)?.with;
  const unit = options && facts?.units?.[options.name];
  return options && unit ? ofService(step.node.name, options, unit) : restarted;
}

function ofService(node: string, options: ServiceOptions, unit: UnitFact): Draft[] {
  const { name, state, enabled } = options;
  // What is not there does not run either.
  if (unit.load === 'not-found' && state === 'stopped' && enabled !== true) return [];
  if (unit.load === 'masked' && state === 'stopped' && enabled === undefined) return [];
  const found = unusable(node, name, unit);
  if (found.length > 0) return found;
  return [
    ...(state === 'reloaded' && !unit.reloads
      ? [refusal(`${name} on ${node} cannot be reloaded`, 'Its unit has no ExecReload=: use `state: restarted`.')]
      : []),
    ...(enabled === true && unit.file === 'indirect'
      ? [
          refusal(
            `${name} on ${node} cannot be enabled itself`,
            'Its [Install] section names other units (Also=): name the one that is to start with the machine.',
          ),
        ]
      : []),
    ...(enabled !== undefined &&
    !['enabled', 'disabled', 'enabled-runtime', 'linked', 'indirect', ''].includes(unit.file)
      ? [
          refusal(
            `${name} on ${node} can be neither enabled nor disabled: its unit file is ${unit.file}`,
            'It has no [Install] section, or another unit brings it: leave out `enabled`.',
          ),
        ]
      : []),
  ];
}

function unusable(node: string, name: string, { load, file }: UnitFact): Draft[] {
  if (load === 'masked' || file === 'masked')
    return [refusal(`${name} on ${node} is masked`, `If it may run again: systemctl unmask ${name}`)];
  if (load === 'not-found')
    return [refusal(`there is no unit ${name} on ${node}`, 'Is it the right name? Install what brings it first.')];
  if (load === 'loaded') return [];
  return [refusal(`systemd cannot load ${name} on ${node}: ${load}`, `Look at systemctl status ${name} there.`)];
}

function refusal(summary: string, remedy: string): Draft {
  return { severity: 'refuse', summary, remedy };
}
