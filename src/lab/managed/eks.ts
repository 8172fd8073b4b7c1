import { addonVersions } from './addons.ts';
import { answerOf, type Answer, inUse, invalid, notFound, refuse } from './answer.ts';
import type { ManagedState, Update } from './state.ts';

/** A call of `aws eks`, read. */
export interface Call {
  readonly operation: string;
  readonly options: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of a fault: the update that it begins fails, or takes so many milliseconds longer. */
  readonly fails: boolean;
  readonly slower: number;
}

/** Ends the updates whose time has come. */
export function settle(state: ManagedState, now: number): void {
  for (const update of state.updates) {
    if (update.status !== 'InProgress' || update.endsAt > now) continue;
    update.status = update.fails ? 'Failed' : 'Successful';
    if (!update.fails) arrive(state, update);
  }
}

function arrive(state: ManagedState, { of, name, to }: Update): void {
  if (of === 'cluster') state.cluster.version = to;
  for (const one of of === 'nodegroup' ? state.nodegroups : []) if (one.name === name) one.version = to;
  for (const one of of === 'addon' ? state.addons : []) if (one.name === name) one.version = to;
}

/** What the provider answers, and what it begins; by the operations that the ready-made runbook uses. */
export const operations: Readonly<Record<string, (state: ManagedState, call: Call) => Answer>> = {
  'describe-cluster': (state) => answerOf({ cluster: { ...state.cluster, status: statusOf(state, 'cluster') } }),
  'list-nodegroups': (state) => answerOf({ nodegroups: state.nodegroups.map(({ name }) => name) }),
  'describe-nodegroup': (state, call) => {
    const group = groupOf(state, call);
    if (!group) return notFound(call, `No node group found for name: ${given(call, 'nodegroup-name')}.`);
    const { name, version, amiType } = group;
    const status = statusOf(state, 'nodegroup', name);
    return answerOf({ nodegroup: { nodegroupName: name, version, amiType, status } });
  },
  'list-addons': (state) => answerOf({ addons: state.addons.map(({ name }) => name) }),
  'describe-addon': (state, call) => {
    const addon = state.addons.find(({ name }) => name === given(call, 'addon-name'));
    if (!addon) return notFound(call, `No addon: ${given(call, 'addon-name')} found in cluster: ${state.cluster.name}`);
    const { name: addonName, version: addonVersion } = addon;
    return answerOf({ addon: { addonName, addonVersion, status: statusOf(state, 'addon', addonName) } });
  },
  'describe-addon-versions': (_state, call) => {
    const [addonName, minor] = [given(call, 'addon-name'), given(call, 'kubernetes-version')];
    return answerOf({ addons: [{ addonName, addonVersions: addonVersions(addonName, minor) }] });
  },
  'list-insights': (state, call) => {
    const filter = given(call, 'filter');
    const of = /^categories=UPGRADE_READINESS,statuses=(\w+)$/.exec(filter)?.[1];
    if (of === undefined) return invalid(call, `the lab knows no filter ${filter}`);
    const insights = state.insights.filter(({ status }) => status === of);
    const answers = insights.map(({ name, status, reason }) => ({ name, insightStatus: { status, reason } }));
    return answerOf({ insights: answers });
  },
  'list-updates': (state, call) => answerOf({ updateIds: updatesOf(state, call).map(({ id }) => id) }),
  'describe-update': (state, call) => {
    const id = given(call, 'update-id');
    const update = updatesOf(state, call).find((one) => one.id === id);
    return update ? answerOf({ update: asTold(update) }) : notFound(call, `No update found for ID: ${id}`);
  },
  'update-cluster-version': (state, call) => {
    const to = given(call, 'kubernetes-version');
    const from = state.cluster.version;
    const far = state.nodegroups.filter((group) => minorOf(to) - minorOf(group.version) > 3).map(({ name }) => name);
    return begin(state, call, { of: 'cluster', name: state.cluster.name, to }, () => {
      if (minorOf(to) !== minorOf(from) + 1)
        return invalid(call, `Unsupported Kubernetes minor version update from ${from} to ${to}`);
      if (far.length > 0)
        return refuse(
          call,
          'InvalidRequestException',
          `Nodegroup(s) [${far.join(', ')}] must be updated before updating cluster version`,
        );
      if (state.insights.some(({ status }) => status === 'ERROR') && !call.options.has('force'))
        return refuse(call, 'InvalidRequestException', 'Upgrade insights report errors that block the update');
      return undefined;
    });
  },
  'update-nodegroup-version': (state, call) => {
    const group = groupOf(state, call);
    if (!group) return notFound(call, `No node group found for name: ${given(call, 'nodegroup-name')}.`);
    const to = given(call, 'kubernetes-version');
    return begin(state, call, { of: 'nodegroup', name: group.name, to }, () => {
      if (group.amiType === 'CUSTOM')
        return invalid(call, 'You cannot specify a Kubernetes version for a node group with a custom AMI');
      if (statusOf(state, 'cluster') !== 'ACTIVE') return inUse(call, `Cluster ${state.cluster.name} is not ACTIVE`);
      if (minorOf(to) > minorOf(state.cluster.version))
        return invalid(call, `Nodegroup Kubernetes version ${to} is newer than the cluster's ${state.cluster.version}`);
      return undefined;
    });
  },
  'update-addon': (state, call) => {
    const addon = state.addons.find(({ name }) => name === given(call, 'addon-name'));
    if (!addon) return notFound(call, `No addon: ${given(call, 'addon-name')} found in cluster: ${state.cluster.name}`);
    return begin(state, call, { of: 'addon', name: addon.name, to: given(call, 'addon-version') }, () => undefined);
  },
};

/** The same request sent again (by its token) gives the same update; a second one is refused. */
function begin(
  state: ManagedState,
  call: Call,
  what: Pick<Update, 'of' | 'name' | 'to'>,
  problem: () => Answer | undefined,
): Answer {
  const token = call.options.get('client-request-token') ?? '';
  const same = state.updates.find((one) => token !== '' && one.token === token && one.of === what.of);
  if (same) return answerOf({ update: asTold(same) });
  const other = state.updates.find(
    (one) => one.status === 'InProgress' && one.of === what.of && (what.of === 'cluster' || one.name === what.name),
  );
  if (other) return inUse(call, `${what.name} currently has update ${other.id} in progress`);
  const refused = problem();
  if (refused) return refused;
  const update: Update = {
    ...what,
    id: `00000000-0000-4000-8000-${String(state.updates.length + 1).padStart(12, '0')}`,
    token,
    status: 'InProgress',
    createdAt: new Date(call.now).toISOString(),
    endsAt: call.now + state.seconds[what.of] * 1000 + call.slower,
    fails: call.fails,
  };
  state.updates.push(update);
  return answerOf({ update: asTold(update) });
}

function statusOf(state: ManagedState, of: Update['of'], name = state.cluster.name): 'ACTIVE' | 'UPDATING' {
  const busy = state.updates.some((one) => one.status === 'InProgress' && one.of === of && one.name === name);
  return busy ? 'UPDATING' : 'ACTIVE';
}

/** The newest first, as the provider lists them. */
function updatesOf(state: ManagedState, { options }: Call): Update[] {
  const group = options.get('nodegroup-name');
  const addon = options.get('addon-name');
  const of = group !== undefined ? 'nodegroup' : addon !== undefined ? 'addon' : 'cluster';
  const name = group ?? addon ?? state.cluster.name;
  return state.updates.filter((one) => one.of === of && one.name === name).toReversed();
}

function asTold({ id, status, of, name, to, createdAt }: Update) {
  const type = of === 'addon' ? 'AddonUpdate' : 'VersionUpdate';
  const errors = status === 'Failed' ? [errorOf(of, name)] : [];
  return { id, status, type, params: [{ type: 'Version', value: to }], createdAt, errors };
}

function errorOf(of: Update['of'], name: string) {
  switch (of) {
    case 'cluster':
      return {
        errorCode: 'IpNotAvailable',
        errorMessage: "A subnet associated with the cluster doesn't have any available IP addresses",
        resourceIds: ['subnet-0a1b2c3d'],
      };
    case 'nodegroup':
      return {
        errorCode: 'PodEvictionFailure',
        errorMessage: `Reached max retries while trying to evict pods from nodes in node group ${name}`,
        resourceIds: ['ip-10-0-1-23.eu-central-1.compute.internal'],
      };
    case 'addon':
      return {
        errorCode: 'ConfigurationConflict',
        errorMessage: `Conflicts found when trying to apply ${name}`,
        resourceIds: [name],
      };
  }
}

function groupOf(state: ManagedState, call: Call) {
  return state.nodegroups.find(({ name }) => name === given(call, 'nodegroup-name'));
}

/** Required options have been checked before. */
function given({ options }: Call, name: string): string {
  return options.get(name) ?? '';
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}
