import type { GuardGroup } from '../guard-text.ts';

export const nodes: GuardGroup = {
  title: 'The right nodes, and all of them there',
  guards: [
    {
      id: 'membership',
      what: 'Refuses a node of the inventory that the cluster does not have, a wrong role, and a control plane that is missing from the inventory; warns of a missing worker. A node that the runbook removes may be gone already.',
      why: 'A rule about all nodes says nothing where one of them is unknown: a control plane that is left out is never upgraded, and the skew is judged without it.',
      remedy:
        'Compare `kubectl get nodes -o wide` with the inventory. Add what is missing, correct the role, or delete the Node object of a machine that is gone.',
    },
    {
      id: 'same-machine',
      what: 'Refuses a machine whose machine-id, system UUID and addresses are not those of its Node object, two entries that are one machine, and a machine under the name of another Node object. Notes names that no Node object has.',
      why: 'Drained by its Node name and worked on over SSH, the two could be different machines: one in service would be changed.',
      remedy:
        'Correct `host`, `name` or `object` of the entry in the inventory until address and Node object belong together.',
    },
    {
      id: 'nodes-ready',
      what: 'Refuses while a node of the inventory or any control plane is not Ready; warns of others.',
      why: 'An upgrade takes one node after the other out of service; with one missing already, the cluster loses more than it can spare.',
      remedy:
        'Find out why with `kubectl describe node NAME` and `journalctl -u kubelet` there, and bring it back. Remove its Node object if the machine is gone.',
    },
    {
      id: 'others-ready',
      what: 'Refuses to take a node out of service while another one is down. The node itself may be.',
      why: 'Two nodes out of service at once is more capacity, or more of a quorum, than the workloads were spread for.',
      remedy:
        'Wait for the other node or fix it, then resume. `serial` says how many nodes the runbook itself takes out at a time.',
    },
    {
      id: 'joinable',
      what: "Refuses to join a machine that has a kubelet.conf, no kubeadm, kubelet or container runtime, or a kubeadm of another minor than the cluster's; as a control plane also with another patch of kubeadm, with a member of etcd of its name or address that no one took out, and where the cluster has no controlPlaneEndpoint.",
      why: 'kubeadm join would fail half-way, or take the machine away from another cluster.',
      remedy:
        "Follow the finding: install kubeadm and kubelet of the cluster's version and a container runtime, `kubeadm reset` a used machine, remove the old member of etcd.",
    },
    {
      id: 'removal',
      what: "Refuses to reset or remove a node that is not cordoned or still runs pods that a drain evicts; `remove-node` and `reset-node` of a control plane; `remove-control-plane` of the last one, where too few other members of etcd are healthy, and where the cluster's controlPlaneEndpoint or the kubelet of another node leads to that machine's own address.",
      why: 'A node that leaves with pods on it takes them along; a control plane that leaves in the wrong order can cost etcd its quorum.',
      remedy:
        'Let a `drain` come before, use `remove-control-plane` for a control plane, and point the controlPlaneEndpoint at one that stays.',
    },
    {
      id: 'clock-skew',
      what: "Warns of a clock that is more than 1 s off the others', refuses more than 5 minutes. What the time of the reading itself leaves open is never held against a node.",
      why: 'Certificates are not yet valid on a clock that is behind, leases and tokens end early on one that is ahead, and etcd warns.',
      remedy: 'Start time synchronisation (`timedatectl status`, `chronyc tracking`) and wait until the clocks agree.',
    },
  ],
};
