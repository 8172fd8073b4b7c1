import type { CoreDnsFact } from '../facts/core-dns.ts';
import type { Finding, Guard } from './guard.ts';
import { CORE_DNS_CHECKS, ignoresCheck, type KubeadmOptions } from '../actions/lib/kubeadm-options.ts';
import { stepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { coreDnsVersionOf, unmigratable } from './lib/coredns.data.ts';
import { type Draft, listed } from './lib/subject.ts';

/** Plugins that kubeadm's migration knows from CoreDNS 1.8.0 on (corefile-migration, versions.go, up to 1.14.2). */
const known =
  'errors log health ready autopath kubernetes k8s_external prometheus forward cache loop reload loadbalance hosts rewrite transfer'.split(
    ' ',
  );
/** What kubeadm has put into the Corefile since 1.20. */
const standard = 'errors health ready kubernetes prometheus forward cache loop reload loadbalance'.split(' ');
/** Of kubeadm's Deployment. */
const resources = { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } };

export const coreDns: Guard = {
  id: 'coredns',
  title: 'CoreDNS is as kubeadm left it',
  source: 'kubeadm upgrade: preflight CoreDNSUnsupportedPlugins and CoreDNSMigration; the addon is applied again',
  comparedWith: 37,
  facts: ['coreDns'],
  scope: 'run',
  check: ({ before, step }) => {
    const fact = before.cluster?.coreDns;
    if (!fact) return [];
    const apply = stepOf(step, kubeadmUpgradeApply)?.with;
    return [...image(fact, apply), ...plugins(fact), ...customResources(fact)].map((draft): Finding => ({
      guard: coreDns.id,
      source: coreDns.source,
      ...draft,
    }));
  },
};

type KubeadmApplyOptions = KubeadmOptions & { readonly version: string };

/** Without a step only what no kubeadm knows. */
function image({ image: name }: CoreDnsFact, apply: KubeadmApplyOptions | undefined): Draft[] {
  const why = name === undefined ? undefined : unmigratable(coreDnsVersionOf(name), apply?.version);
  if (name === undefined || why === undefined) return [];
  const skips = apply !== undefined && CORE_DNS_CHECKS.every((check) => ignoresCheck(apply, check));
  return [
    {
      severity: apply && !skips ? 'refuse' : 'warn',
      summary: `kubeadm${apply ? ` ${apply.version}` : ''} cannot migrate CoreDNS from ${name}: its version, "${coreDnsVersionOf(name)}", is ${why}`,
      remedy: `kubeadm reads the tag of the first container. Give the Deployment coredns an image with the tag of a release and CoreDNS as its first container; or skip the checks knowingly (\`ignorePreflightErrors: [${CORE_DNS_CHECKS.join(', ')}]\`), after which kubeadm may leave CoreDNS as it is.`,
    },
  ];
}

function plugins({ corefile }: CoreDnsFact): Draft[] {
  if (corefile === undefined) return [];
  const blocks = blocksOf(corefile);
  const used = [...new Set(blocks.flatMap((block) => block.plugins))];
  const unsupported = used.filter((plugin) => !known.includes(plugin));
  if (unsupported.length > 0) {
    return [
      {
        severity: 'warn',
        summary: `the Corefile of CoreDNS has plugins that kubeadm cannot migrate: ${listed(unsupported)}`,
        remedy:
          "kubeadm's preflight CoreDNSUnsupportedPlugins refuses them where the Corefile must be migrated: look at it first (kubectl -n kube-system get configmap coredns -o yaml), or skip that check knowingly (`ignorePreflightErrors`).",
      },
    ];
  }
  const own = used.filter((plugin) => !standard.includes(plugin));
  const gone = standard.filter((plugin) => !used.includes(plugin));
  const zones = blocks.slice(1).map((block) => block.zone);
  const changes = [
    ...own.map((plugin) => `+${plugin}`),
    ...gone.map((plugin) => `-${plugin}`),
    ...zones.map((zone) => `the zone ${zone}`),
  ];
  if (changes.length === 0) return [];
  return [
    {
      severity: 'note',
      summary: `the Corefile of CoreDNS was changed: ${listed(changes)}`,
      remedy: 'kubeadm keeps it, or migrates it where CoreDNS wants so: compare it after the upgrade.',
    },
  ];
}

function customResources({ resources: own }: CoreDnsFact): Draft[] {
  if (!own) return [];
  const changed = (['limits', 'requests'] as const).flatMap((kind) => {
    const wanted: Readonly<Record<string, string>> = resources[kind];
    const names = new Set([...Object.keys(wanted), ...Object.keys(own[kind])]);
    return [...names]
      .filter((name) => own[kind][name] !== wanted[name])
      .map((name) => `${kind} ${name} ${own[kind][name] ?? 'none'} (kubeadm: ${wanted[name] ?? 'none'})`);
  });
  if (changed.length === 0) return [];
  return [
    {
      severity: 'warn',
      summary: `the Deployment of CoreDNS has resources of its own: ${listed(changed)}`,
      remedy: 'kubeadm upgrade applies its own Deployment and resets them: note them down and set them again after it.',
    },
  ];
}

/** Server blocks with the names of their plugins, one level deep. */
function blocksOf(corefile: string): { readonly zone: string; readonly plugins: readonly string[] }[] {
  const blocks: { zone: string; plugins: string[] }[] = [];
  let depth = 0;
  for (const line of corefile.split('\n').map((text) => text.replace(/#.*$/, '').trim())) {
    if (line === '') continue;
    const name = /^\S+/.exec(line)?.[0] ?? '';
    if (depth === 0 && line.endsWith('{')) blocks.push({ zone: line.slice(0, -1).trim(), plugins: [] });
    // An `import` is not followed: the snippet is a block of its own.
    else if (depth === 1 && name !== '}' && name !== 'import') blocks.at(-1)?.plugins.push(name);
    depth += (line.match(/\{(?=\s|$)/g) ?? []).length - (line.match(/(?:^|\s)\}/g) ?? []).length;
  }
  return blocks;
}
