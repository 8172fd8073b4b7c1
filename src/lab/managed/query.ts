import { z } from 'zod';

const list = z.array(z.unknown());
const text = z.string();
const cluster = z.object({ cluster: z.object({ status: text, version: text }) });
const nodegroup = z.object({ nodegroup: z.object({ status: text, version: text, amiType: text }) });
const addon = z.object({ addon: z.object({ status: text, addonVersion: text }) });
const versions = z.object({
  addons: z.tuple([
    z.object({
      addonVersions: z.array(
        z.object({ addonVersion: text, compatibilities: z.tuple([z.object({ defaultVersion: z.boolean() })]) }),
      ),
    }),
  ]),
});
const insights = z.object({
  insights: z.array(z.object({ name: text, insightStatus: z.object({ status: text, reason: text }) })),
});
const update = z.object({
  update: z.object({
    id: text,
    status: text,
    errors: z.array(z.object({ errorCode: text, errorMessage: text, resourceIds: z.array(text) })),
  }),
});

/** The JMESPath expressions that the ready-made runbook uses, and no others. */
export const queries: Readonly<Record<string, (value: unknown) => unknown>> = {
  "join(':',[cluster.status,cluster.version])": (value) => {
    const { status, version } = cluster.parse(value).cluster;
    return `${status}:${version}`;
  },
  "join(':',[nodegroup.status,nodegroup.version])": (value) => {
    const { status, version } = nodegroup.parse(value).nodegroup;
    return `${status}:${version}`;
  },
  'nodegroup.version': (value) => nodegroup.parse(value).nodegroup.version,
  'nodegroup.amiType': (value) => nodegroup.parse(value).nodegroup.amiType,
  "join(':',[addon.status,addon.addonVersion])": (value) => {
    const { status, addonVersion } = addon.parse(value).addon;
    return `${status}:${addonVersion}`;
  },
  'addons[0].addonVersions[?compatibilities[0].defaultVersion].addonVersion|[0]': (value) =>
    versions.parse(value).addons[0].addonVersions.find((one) => one.compatibilities[0].defaultVersion)?.addonVersion,
  nodegroups: (value) => z.object({ nodegroups: list }).parse(value).nodegroups,
  addons: (value) => z.object({ addons: list }).parse(value).addons,
  'insights[].[name,insightStatus.reason]': (value) =>
    insights.parse(value).insights.map(({ name, insightStatus }) => [name, insightStatus.reason]),
  updateIds: (value) => z.object({ updateIds: list }).parse(value).updateIds,
  'update.id': (value) => update.parse(value).update.id,
  'update.status': (value) => update.parse(value).update.status,
  'update.errors[].[errorCode,errorMessage]': (value) =>
    update.parse(value).update.errors.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]),
  'update.errors[].resourceIds[]': (value) => update.parse(value).update.errors.flatMap((one) => one.resourceIds),
};

/** `--output text`: a line for each inner list, tabs between fields, `None` for nothing; no text for an empty list. */
export function formatText(value: unknown): string {
  if (!Array.isArray(value)) return `${scalar(value)}\n`;
  const lines: unknown[][] = value.every((one) => Array.isArray(one)) ? value : [value];
  return lines
    .filter((line) => line.length > 0)
    .map((line) => `${line.map(scalar).join('\t')}\n`)
    .join('');
}

function scalar(value: unknown): string {
  if (value === undefined || value === null) return 'None';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
