import { parseAllDocuments } from 'yaml';
import type { Machine } from './machine.ts';
import { minorNumber } from './releases.ts';

/** Flags of the API server and of the scheduler that name a configuration file. */
const fileFlags = [
  'admission-control-config-file',
  'audit-policy-file',
  'authentication-config',
  'authorization-config',
  'config',
  'egress-selector-config-file',
  'encryption-provider-config',
  'tracing-config-file',
];

/** Versions that are not registered from a minor on: kubernetes/kubernetes #117649, #119994, #108092 and #137379. */
const unknownKinds: Readonly<Record<string, number>> = {
  'kubescheduler.config.k8s.io/v1beta2 KubeSchedulerConfiguration': 28,
  'kubescheduler.config.k8s.io/v1beta3 KubeSchedulerConfiguration': 29,
  'audit.k8s.io/v1beta1 Policy': 24,
  'apiserver.config.k8s.io/v1alpha1 WebhookAdmission': 36,
};
/** KMS v1 is behind a gate that is off (#121485). */
const kmsV1Off = 29;

/** Does a static pod of this release start with the files that its manifest's flags name? */
export async function startsWithItsFiles(machine: Machine, manifest: string, version: string): Promise<boolean> {
  const minor = minorNumber(version);
  const flags = new Map(
    [...manifest.matchAll(/^ *- --([a-z-]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const keepsV1 = /\bKMSv1=true\b/.test(flags.get('feature-gates') ?? '');
  for (const flag of fileFlags) {
    const file = flags.get(flag);
    if (file === undefined) continue;
    if (!(await machine.fs.exists(file))) return false;
    const objects = parseAllDocuments(await machine.fs.readFile(file)).flatMap((document) =>
      objectsIn(document.toJS()),
    );
    if (
      objects.some(
        ({ apiVersion, kind }) => minor >= (unknownKinds[`${String(apiVersion)} ${String(kind)}`] ?? minor + 1),
      )
    )
      return false;
    const kms = objects.flatMap(({ kms: own }) => (typeof own === 'object' && own !== null ? [own] : []));
    const isV1 = kms.some((own) => !('apiVersion' in own) || own.apiVersion === 'v1');
    if (isV1 && minor >= kmsV1Off && !keepsV1) return false;
  }
  return true;
}

/** An object with all those within it. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : [value as Record<string, unknown>];
  return [...own, ...Object.values(value).flatMap(objectsIn)];
}
