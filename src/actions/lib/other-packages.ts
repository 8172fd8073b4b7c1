import type { Facts, NodeFacts } from '../../facts/facts.ts';
import { withUnknownUnits } from '../../facts/lib/looked.ts';
import { withNode, withNodeObject } from '../../facts/lib/with-node.ts';
import type { SoftwareFact } from '../../facts/software.ts';
import { runs, type UnitFact } from '../../facts/units.ts';
import { compareEditions, fits, type Pin, pinOf } from '../../packages/lib/pin.ts';
import { releaseOf } from '../../packages/lib/revision.ts';
import { quote } from '../../transport/quote.ts';
import type { ActionContext, StepScript, Verdict } from '../action.ts';
import type { LooksAt } from './abilities.ts';
import { heldAmong, holdsMissing, scriptOfManager, unsound } from './packages.ts';
import { serviceFunctions } from './service-shell.ts';
import { machineOf, objectNameOf, objectOf } from './subject.ts';
import { verdictOf } from './verdict.ts';

/** Packages of any repository, and the services that are to run with what they bring. */
export interface OtherPackages {
  readonly packages: readonly string[];
  readonly version?: string | undefined;
  readonly services?: readonly string[] | undefined;
}
type Context = ActionContext<OtherPackages>;

export function pinsOf({ packages, version }: OtherPackages): Pin[] {
  return packages.map((word) => pinOf(word, version));
}

export function looksAtOthers(options: OtherPackages): LooksAt {
  return {
    packages: pinsOf(options).map(({ name, version }) => ({
      name,
      ...(version === undefined ? {} : { exact: version }),
    })),
    units: options.services ?? [],
  };
}

/**
 * The revision that a package is to have: the package manager's own choice where it fits, as it knows priorities, else
 * the newest that fits; what is installed where that fits and nothing newer is offered. Undefined: there is none.
 */
export function wantedRevision({ installed, offered, candidate }: SoftwareFact, version?: string): string | undefined {
  const own = installed && fits(installed.revision, version) ? installed.revision : undefined;
  const choice =
    candidate !== undefined && fits(candidate, version)
      ? candidate
      : offered?.find((revision) => fits(revision, version));
  if (own === undefined || choice === undefined) return choice ?? own;
  return compareEditions(own, choice) >= 0 ? own : choice;
}

/** The node's package manager installs them, then each service that is older than one of them is restarted. */
export function scriptOfOthers(context: Context): StepScript {
  const pins = pinsOf(context.with);
  const services = context.with.services ?? [];
  return scriptOfManager(context, (manager) => {
    const wanted = pins.map(({ name, version }) => ({
      name,
      revision: wantedRevision(softwareOf(context, name) ?? {}, version) ?? `${version ?? ''}*`,
    }));
    const install = manager.install({ wanted, held: heldOf(context) }, undefined);
    if (services.length === 0) return install;
    const names = pins.map(({ name }) => quote(name)).join(' ');
    return {
      commands: [
        ...install.commands,
        ...services.map((unit) => `systemctl restart ${unit}   # if it is older than these`),
      ],
      text: `(
${install.text.trimEnd()}
) || exit

${serviceFunctions}
${manager.reading.software}
newest=0
for name in ${names}; do
  at=$(software "$name" | awk '{ print $NF }')
  if [ "$at" -gt "$newest" ] 2>/dev/null; then newest=$at; fi
done
for unit in ${services.map(quote).join(' ')}; do
  if [ "$(property "$unit" ActiveState)" = active ] && [ "$(started_at "$unit")" -gt "$newest" ]; then
    echo "$unit runs since after the installation"
    continue
  fi
  echo "restarting $unit"
  # Its start must be told from the installation, which has whole seconds as well.
  [ "$(date +%s)" -gt "$newest" ] || sleep 1
  restart_unit "$unit" || exit
done
`,
    };
  });
}

export function othersInstalled(context: Context): Verdict {
  const pins = pinsOf(context.with);
  if (pins.length === 0) return { done: true, reason: 'it names no package' };
  const { packages } = machineOf(context);
  const missing = pins.flatMap((pin) => packageMissing(context, pin));
  const unrestored = packages ? holdsMissing(heldOf(context), packages) : [];
  const services = (context.with.services ?? []).flatMap((name) => serviceMissing(context, name));
  const installed = pins.map(({ name }) => `${name} ${softwareOf(context, name)?.installed?.revision ?? ''}`);
  const errors = pins.flatMap(({ name }) => softwareOf(context, name)?.error ?? []).slice(0, 1);
  const unasked = errors.map((error) => `; whether there are newer ones is not known: ${error}`);
  return verdictOf([...missing, ...unrestored, ...services], `installed: ${installed.join(', ')}${unasked.join('')}`);
}

function packageMissing(context: Context, { name, version }: Pin): string[] {
  const software = softwareOf(context, name);
  if (!software) return [`whether ${name} is installed is not known`];
  const { installed } = software;
  const wanted = wantedRevision(software, version);
  if (!installed) return [`${name} is not installed`];
  if (installed.revision !== wanted)
    return [`${name} is at ${installed.revision}, not ${wanted ?? version ?? 'the newest'}`];
  return unsound(context, name, installed);
}

function serviceMissing(context: Context, name: string): string[] {
  const unit = machineOf(context).units?.[name];
  if (!unit) return [`the service ${name} is not known`];
  if (!runs(unit)) return [`${name} is ${unit.active} (${unit.sub})`];
  const older = pinsOf(context.with).filter(({ name: one }) => isOlder(unit, softwareOf(context, one)));
  return older.map(({ name: one }) => `${name} runs since before ${one} was installed`);
}

/** Both times have whole seconds. */
function isOlder({ startedAt }: UnitFact, software: SoftwareFact | undefined): boolean {
  const at = software?.installed?.at;
  return at !== undefined && startedAt !== undefined && startedAt < at;
}

function heldOf(context: Context): string[] {
  return heldAmong(
    context,
    pinsOf(context.with).map(({ name }) => name),
  );
}

function softwareOf(context: ActionContext<unknown>, name: string): SoftwareFact | undefined {
  return machineOf(context).software?.[name];
}

/** Packages by the container runtime that they bring, as the kubelet calls it. */
const RUNTIMES: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  'containerd.io': 'containerd',
  'cri-o': 'cri-o',
};

/** The container runtimes that a node has once they are installed, with their releases. */
export function runtimesOf(options: OtherPackages, node: NodeFacts | undefined): { name: string; version: string }[] {
  return pinsOf(options).flatMap((pin) => {
    const name = RUNTIMES[pin.name];
    const revision = wantedRevision(node?.software?.[pin.name] ?? {}, pin.version);
    if (name === undefined || revision === undefined) return [];
    return [{ name, version: releaseOf(revision).replace(/[~+].*$/, '') }];
  });
}

/** What runs is as new as what is installed; which units the packages bring is not known. */
export function withOthers(context: Context): Facts {
  const installed = withInstalled(context);
  const [name, version] = objectOf(context)?.containerRuntime?.split('://') ?? [];
  const runtime = runtimesOf(context.with, machineOf(context)).find((one) => one.name === name);
  if (!runtime || runtime.version === version || (context.with.services ?? []).length === 0) return installed;
  const facts = withNode(installed, context.node.name, (node) => ({ ...node, runtime }));
  return withNodeObject(facts, objectNameOf(context), (node) => ({
    ...node,
    containerRuntime: `${runtime.name}://${runtime.version}`,
  }));
}

function withInstalled(context: Context): Facts {
  const facts = withNode(context.facts, context.node.name, (node) => {
    const pins = pinsOf(context.with);
    const software = pins.map(({ name, version }): readonly [string, SoftwareFact] => {
      const found = node.software?.[name] ?? {};
      const { at: _, ...status } = found.installed ?? { status: 'ii' };
      const revision = wantedRevision(found, version) ?? version ?? '';
      return [name, { ...found, installed: { ...status, status: 'ii', revision } }];
    });
    const units = (context.with.services ?? []).flatMap((name) => {
      const unit = node.units?.[name];
      return unit && unit.load === 'loaded' ? [[name, { ...unit, active: 'active', sub: 'running' }] as const] : [];
    });
    return {
      ...node,
      software: { ...node.software, ...Object.fromEntries(software) },
      units: { ...node.units, ...Object.fromEntries(units) },
    };
  });
  return withUnknownUnits(facts, context.node.name);
}
