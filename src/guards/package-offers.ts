import { type BoundStep, stepOf } from '../actions/bound-step.ts';
import { installPackages } from '../actions/install-packages.ts';
import { pinsOf, wantedRevision } from '../actions/lib/other-packages.ts';
import type { SoftwareFact } from '../facts/software.ts';
import { compareEditions, type Pin } from '../packages/lib/pin.ts';
import type { Guard } from './guard.ts';
import { type Draft, findingOf, listed, targetOf } from './lib/subject.ts';

/** Of packages beside those of Kubernetes, which `repository-offers` and `no-downgrade` judge. */
export const packageOffers: Guard = {
  id: 'package-offers',
  title: 'The configured repositories offer the packages, and none goes back',
  source: 'apt-get(8), dnf(8), zypper(8): a package is downgraded only where that is asked for',
  facts: ['packages'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  binding: 'the package manager itself would refuse it',
  check: ({ step, before }) => {
    const install = stepOf(step, installPackages);
    if (!install || targetOf(step) !== undefined) return [];
    const software = before.nodes[install.node.name]?.software;
    return pinsOf(install.with).flatMap((pin) => {
      const found = software?.[pin.name];
      return found ? judge(install, pin, found).map((draft) => findingOf(packageOffers, draft)) : [];
    });
  },
};

function judge({ node: { name: node } }: BoundStep, { name, version }: Pin, found: SoftwareFact): Draft[] {
  const { installed, offered = [], error } = found;
  const wanted = wantedRevision(found, version);
  const severity = 'refuse';
  if (wanted === undefined) {
    const what = version === undefined ? name : `${name} ${version}`;
    const remedy =
      offered.length > 0
        ? `They offer ${listed(offered)}: choose one of these.`
        : 'Is it the right name? Configure the repository that has it on the node first.';
    const because = error === undefined ? '' : ` (${error})`;
    return [{ severity, node, summary: `no repository of ${node} offers ${what}${because}`, remedy }];
  }
  if (!installed || compareEditions(wanted, installed.revision) >= 0) return [];
  return [
    {
      severity,
      node,
      summary: `${name} ${wanted} would be older than what ${node} has, ${installed.revision}`,
      remedy: 'Choose what is installed or newer. To go back, do it by hand on a drained node.',
    },
  ];
}
