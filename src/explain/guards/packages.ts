import type { GuardGroup } from '../guard-text.ts';

export const packages: GuardGroup = {
  title: 'Packages',
  guards: [
    {
      id: 'repository-offers',
      what: 'Refuses a release that the repository of the node does not have, or a repository that cannot be read.',
      why: 'The installation would fail on a node that is already out of service.',
      remedy: 'Switch the repository to the minor (`package-repo`), or see why it cannot be read: network, proxy, key.',
    },
    {
      id: 'package-offers',
      what: 'Of packages beside those of Kubernetes: refuses one that no configured repository has at the version, and one that would be older than what is installed.',
      why: 'The installation would fail or bring an older package.',
      remedy: 'Name a version that `runbook plan` shows as offered, or add the repository that has it.',
    },
    {
      id: 'units',
      what: 'Refuses one that is missing, masked or cannot be loaded, a reload of one that has none, and `enabled` of one without an [Install] section.',
      why: 'systemctl would fail, or do nothing while looking as if it had.',
      remedy: '`systemctl status UNIT`; `systemctl unmask UNIT`, or correct the name in the runbook.',
    },
    {
      id: 'repositories',
      what: 'Warns of several Kubernetes sources, and of those that are gone since 2024.',
      why: 'Of several sources the wrong one may win, and the old ones are gone.',
      remedy:
        'Remove the sources in /etc/apt/sources.list.d or /etc/yum.repos.d that the finding names, and keep that of pkgs.k8s.io.',
    },
    {
      id: 'repository-key',
      what: 'Refuses to install with a key that has ended and that no step before it fetches again, warns of it without a runbook; notes one that ends within 30 days.',
      why: 'Package managers refuse what a key that has ended signed.',
      remedy: 'Fetch the key again (`package-repo` does), from https://pkgs.k8s.io/core:/stable:/vX.Y/deb/Release.key.',
    },
    {
      id: 'package-state',
      what: 'Refuses while foreign packages are half installed; warns of Kubernetes packages that are, which the next installation finishes, and of a process that installs now.',
      why: 'The package manager refuses everything until the interrupted installation is finished.',
      remedy:
        '`dpkg --configure -a` and `apt-get -f install`, or `dnf remove --duplicates`; wait for another process that installs.',
    },
  ],
};
