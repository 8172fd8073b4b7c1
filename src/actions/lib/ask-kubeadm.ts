import {
  CONFIGURATION,
  FETCHED,
  type KubeadmQuestion,
  type QuestionCall,
  UNPACKED,
} from '../../facts/lib/ask-kubeadm.ts';
import { managerOf } from '../../packages/registry.ts';
import type { PackageManager } from '../../packages/manager.ts';
import { quote } from '../../transport/quote.ts';
import type { ActionContext } from '../action.ts';
import { type KubeadmOptions, kubeadmFlags, prereleaseFlag } from './kubeadm-options.ts';
import { revisionFor } from './packages.ts';
import { listCommand, writeConfiguration } from './prefetch-images.ts';
import { minorOf } from './release.ts';
import { machineOf } from './subject.ts';

/** Seconds. On a real cluster a plan takes 15 s, most of it the Job of its health check; a dry run makes none. */
const LIMITS = { images: 30, plan: 90, diff: 60, 'dry-run': 150 } as const;
/** Lines of context by which a diff has the whole of a manifest. */
const WHOLE = 100_000;

type Options = KubeadmOptions & { readonly version?: string | undefined };

/**
 * What the kubeadm of the release is asked before it is installed. `fetched`: its package is in the manager's cache;
 * else it is fetched into a folder of its own, and nothing is asked that makes an object in the cluster.
 *
 * None of it changes a node or the cluster in any release from 1.20 to 1.37, by cmd/kubeadm/app/cmd/upgrade: `images`
 * reads a file; `diff` reads the ConfigMap and the manifests, knows neither etcd nor patches; a dry run has a client
 * that only reads, prints the manifests with their patches, pulls and renews nothing. `plan` has no dry run: it makes
 * the Job of kubeadm's health check and removes it. Every one of them must be run by root, and reads admin.conf or
 * kubelet.conf.
 */
export function questionOfApply(context: ActionContext<Options & { version: string }>, fetched: boolean) {
  const { version } = context.with;
  const release = `${quote(`v${version}`)}${prereleaseFlag(version)}`;
  const list = (place?: string) => listCommand(context, version, place).replace(/^kubeadm /, '');
  const configuration = writeConfiguration(context, version, CONFIGURATION);
  const call = callOf('dry-run', `upgrade apply -y ${release}${kubeadmFlags('apply', context.with)} --dry-run`);
  const images = { ...callOf('images', list()), words: list(CONFIGURATION) };
  const { ignorePreflightErrors } = context.with;
  const plan = fetched
    ? [callOf('plan', `upgrade plan ${release}${kubeadmFlags('node', { ignorePreflightErrors })}`)]
    : [];
  const calls = [
    images,
    ...plan,
    callOf('diff', `upgrade diff ${quote(`v${version}`)} --context-lines=${WHOLE}`),
    call,
  ];
  return questionOf(context, version, calls, fetched, configuration);
}

export function questionOfNode(context: ActionContext<Options>, fetched: boolean): KubeadmQuestion | undefined {
  const { version } = context.with;
  if (version === undefined) return undefined;
  const words = `upgrade node${kubeadmFlags('node', context.with)} --dry-run`;
  return questionOf(context, version, [callOf('dry-run', words)], fetched);
}

function callOf(id: QuestionCall['id'], words: string): QuestionCall {
  return { id, command: `kubeadm ${words}`, words, limit: LIMITS[id] };
}

function questionOf(
  context: ActionContext<unknown>,
  release: string,
  calls: readonly QuestionCall[],
  fetched: boolean,
  configuration?: string,
): KubeadmQuestion | undefined {
  const manager = managerOf(machineOf(context));
  if (!manager) return undefined;
  const revision = revisionFor(context, 'kubeadm', release);
  const { reading } = manager;
  return {
    release,
    unpack: `${fetched ? reading.archives : reading.archivesIn(FETCHED)}\n${reading.unpackKubeadm(revision, UNPACKED)}`,
    ...(fetched ? {} : { fetch: fetchLines(context, manager, revision, release) }),
    ...(configuration === undefined ? {} : { configuration }),
    calls,
  };
}

function fetchLines(context: ActionContext<unknown>, manager: PackageManager, revision: string, release: string) {
  const { repository } = machineOf(context);
  const source = manager.planSwitch(repository, minorOf(release), context.settings.packagesBaseUrl);
  return manager.fetchInto(FETCHED, source, { name: 'kubeadm', revision });
}
