import { describe, expect, test } from 'vitest';
import { checkRun } from '../../src/guards/registry.ts';
import { testCases } from './cases.ts';
import { corednsCases, emulationCases, fileCases, webhookCases } from './addons.cases.ts';
import { guardNodes } from './cluster.ts';
import { withNode } from './healthy.ts';
import { deadWebhookCases, networkPluginCases, schedulableCases } from './kubeadm.cases.ts';
import { editedCases } from './static-pods.cases.ts';
import { answeredCases, targetKubeadmCases } from './target-kubeadm.cases.ts';
import { adminConfCases, certificateAuthorityCases, certificateCases, deprecatedCases } from './control-plane.cases.ts';

describe('certificates', () => testCases('certificates', certificateCases));
describe('certificate-authority', () => testCases('certificate-authority', certificateAuthorityCases));
describe('admin.conf', () => testCases('admin-conf', adminConfCases));
describe('deprecated APIs', () => testCases('deprecated-apis', deprecatedCases));
describe('emulation', () => testCases('emulation', emulationCases));
describe('static pods', () => testCases('static-pods-edited', editedCases));
describe('static pods of a kubeadm that was asked', () => testCases('static-pods-edited', answeredCases));
describe("the target's own kubeadm", () => testCases('target-kubeadm', targetKubeadmCases));
describe('files of static pods', () => {
  testCases('static-pod-files', fileCases);

  test.each([
    ['kube-vip', 'super-admin.conf is for `kubeadm init` alone, kube-vip/kube-vip#684'],
    ['haproxy', 'kubeadm leaves it as it is.'],
  ])('the remedy for %s says what it needs', (pod, words) => {
    const facts = withNode('cp1', { staticPods: { components: {}, strangers: [{ file: 'a.yaml', pod }] } });
    const [finding] = checkRun({ nodes: guardNodes(facts), before: facts, after: facts }, ['static-pod-files']);
    expect(finding?.remedy).toContain(words);
  });
});
describe('CoreDNS', () => testCases('coredns', corednsCases));
describe('a webhook', () => testCases('webhooks', webhookCases));
describe('a webhook without a ready pod', () => testCases('webhooks', deadWebhookCases));
describe('the network plugin', () => testCases('network-plugin', networkPluginCases));
describe("the preflight Job's node", () => testCases('schedulable', schedulableCases));
