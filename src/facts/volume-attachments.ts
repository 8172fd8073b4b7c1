import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy } from './lib/kubectl.ts';

/** A volume that a CSI driver attaches, or has yet to detach from a node (storage.k8s.io/v1 VolumeAttachment). */
export interface VolumeAttachmentFact {
  readonly name: string;
  /** The Node object's name. */
  readonly node: string;
  /** The PersistentVolume; empty for an inline one. */
  readonly volume: string;
}

const template =
  '{range .items[*]}{.spec.nodeName}{"\\t"}{.metadata.name}{"\\t"}{.spec.source.persistentVolumeName}{"\\n"}{end}';

export const volumeAttachments: Fact<readonly VolumeAttachmentFact[]> = {
  command: 'kubectl get volumeattachments',
  remedy: kubectlRemedy,
  script: ({ kubeconfig }) => kubectl(kubeconfig, `get volumeattachments.storage.k8s.io -o jsonpath='${template}'`),
  parse: parseVolumeAttachments,
};

/** @throws Error when a line is not as the template has it */
function parseVolumeAttachments(output: string): VolumeAttachmentFact[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [node = '', name = '', volume = '', ...more] = line.split('\t');
      if (node === '' || name === '' || more.length > 0)
        throw new Error(`not a line about a volume: ${line.slice(0, 200)}`);
      return { name, node, volume };
    });
}
