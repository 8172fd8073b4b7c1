import { describe } from 'vitest';
import { testCases } from './cases.ts';
import { corednsCases, emulationCases, fileCases, webhookCases } from './addons.cases.ts';
import { deadWebhookCases, networkPluginCases, schedulableCases } from './kubeadm.cases.ts';
import { editedCases } from './static-pods.cases.ts';
import { adminConfCases, certificateAuthorityCases, certificateCases, deprecatedCases } from './control-plane.cases.ts';

describe('certificates', () => testCases('certificates', certificateCases));
describe('certificate-authority', () => testCases('certificate-authority', certificateAuthorityCases));
describe('admin.conf', () => testCases('admin-conf', adminConfCases));
describe('deprecated APIs', () => testCases('deprecated-apis', deprecatedCases));
describe('emulation', () => testCases('emulation', emulationCases));
describe('static pods', () => testCases('static-pods-edited', editedCases));
describe('files of static pods', () => testCases('static-pod-files', fileCases));
describe('CoreDNS', () => testCases('coredns', corednsCases));
describe('a webhook', () => testCases('webhooks', webhookCases));
describe('a webhook without a ready pod', () => testCases('webhooks', deadWebhookCases));
describe('the network plugin', () => testCases('network-plugin', networkPluginCases));
describe("the preflight Job's node", () => testCases('schedulable', schedulableCases));
