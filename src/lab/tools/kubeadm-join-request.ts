import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { kubeadmVersion } from '../images.ts';
import { minorNumber } from '../releases.ts';
import type { ToolContext } from '../shell/shell.ts';
import type { KubeadmCall } from './kubeadm-call.ts';

/** What a `kubeadm join` is to do. */
export interface JoinRequest {
  /** The kubeconfig that it discovers the cluster by, or what stands for one. */
  readonly discovery: string;
  readonly token: string | undefined;
  readonly controlPlane: boolean;
  readonly certificateKey?: string;
}

interface Refused {
  readonly error: string;
  readonly code: number;
}

/** From which minor of kubeadm on a version of its configuration is read, and from which on no longer. */
const versions: Readonly<Record<string, readonly [from: number, before: number]>> = {
  v1beta2: [15, 27],
  v1beta3: [22, 37],
  v1beta4: [31, Infinity],
};

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('JoinConfiguration'),
  discovery: z.object({
    file: z.object({ kubeConfigPath: z.string() }).optional(),
    bootstrapToken: z.object({ token: z.string() }).optional(),
  }),
  controlPlane: z
    .strictObject({
      certificateKey: z.string().optional(),
      localAPIEndpoint: z
        .object({ advertiseAddress: z.string().optional(), bindPort: z.number().optional() })
        .optional(),
    })
    .optional(),
  nodeRegistration: z.unknown().optional(),
});

/** From `--config FILE`, or from flags; kubeadm takes no mixture (cmd/join.go). */
export async function joinRequest(context: ToolContext, call: KubeadmCall): Promise<JoinRequest | Refused> {
  const { options } = call;
  const file = options.get('config');
  if (file === undefined) return byFlags(context, call);
  const others = [...options.keys()].filter((name) => !['config', 'v', 'ignore-preflight-errors'].includes(name));
  if (others.length > 0) return { error: `can not mix '--config' with arguments [${others.join(' ')}]`, code: 1 };
  const text = await context.machine.fs.readFile(file).catch(() => undefined);
  if (text === undefined)
    return { error: `unable to read config from "${file}": open ${file}: no such file or directory`, code: 1 };
  const found = parseAllDocuments(text)
    .map((document) => schema.safeParse(document.toJS()))
    .find(({ success }) => success)?.data;
  if (!found) return { error: `no InitConfiguration or JoinConfiguration kind was found in the YAML file`, code: 3 };
  const minor = minorNumber(kubeadmVersion(context) ?? '');
  const [from, before] = versions[found.apiVersion.replace('kubeadm.k8s.io/', '')] ?? [Infinity, 0];
  if (minor < from)
    return {
      error: `no kind "JoinConfiguration" is registered for version "${found.apiVersion}" in scheme "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/scheme/scheme.go:31"`,
      code: 1,
    };
  if (minor >= before)
    return {
      error: `your configuration file uses an old API spec: "${found.apiVersion}" (kind: "JoinConfiguration"). Please use kubeadm v1.${before - 1} instead and run 'kubeadm config migrate --old-config old-config-file --new-config new-config-file'`,
      code: 1,
    };
  const { discovery, controlPlane } = found;
  return discovered(context, {
    file: discovery.file?.kubeConfigPath,
    token: discovery.bootstrapToken?.token,
    controlPlane: controlPlane !== undefined,
    key: controlPlane?.certificateKey,
  });
}

function byFlags(context: ToolContext, { options }: KubeadmCall): Promise<JoinRequest | Refused> {
  return discovered(context, {
    file: options.get('discovery-file'),
    token: options.get('token'),
    controlPlane: options.has('control-plane'),
    key: options.get('certificate-key'),
  });
}

interface Given {
  readonly file: string | undefined;
  readonly token: string | undefined;
  readonly controlPlane: boolean;
  readonly key: string | undefined;
}

async function discovered({ machine }: ToolContext, given: Given): Promise<JoinRequest | Refused> {
  const { file = '', token, controlPlane, key } = given;
  const isByToken = given.file === undefined && token !== undefined;
  const text = isByToken ? `token: ${token}\n` : await machine.fs.readFile(file).catch(() => undefined);
  if (text === undefined)
    return {
      error: `discovery.file.kubeConfigPath: Invalid value: "${file}": not a valid HTTPS URL or a file on disk`,
      code: 3,
    };
  return {
    discovery: text,
    token: /token: *"?([a-z0-9]{6}\.[a-z0-9]{16})/.exec(text)?.[1],
    controlPlane,
    ...(key === undefined ? {} : { certificateKey: key }),
  };
}
