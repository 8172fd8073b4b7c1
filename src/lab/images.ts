import { type ImageSettings, imageIn, imageSettings } from './cluster-configuration.ts';
import { isAlive } from './etcd-members.ts';
import { inImage } from './etcd-process.ts';
import { unpackedVersion } from './archives.ts';
import { work } from './clock.ts';
import { hexOf } from './identity.ts';
import { hostOf, isReachable } from './network.ts';
import { imagesOf, minorNumber } from './releases.ts';
import type { Tool, ToolContext } from './shell/shell.ts';

/** Milliseconds of simulated work for each image. */
const durations = { pull: 150 };

const ofKubeadm = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'coredns',
  'pause',
  'etcd',
];

/** Brings an image onto the machine. Undefined: it is there; else why not. */
async function pull(context: ToolContext, image: string): Promise<string | undefined> {
  const { machine } = context;
  await work(machine.clock, durations.pull, context.signal);
  const host = hostOf(image);
  if (!(await isReachable(machine, host)))
    return `failed to pull and unpack image "${image}": failed to resolve reference "${image}": failed to do request: Head "https://${host}/v2/": dial tcp: connect: connection refused`;
  machine.pulledImages.add(image);
  return undefined;
}

/** The program's release: that of the package, unless it was taken out of an archive. */
export function kubeadmVersion(context: ToolContext): string | undefined {
  return context.env[unpackedVersion] ?? context.machine.program('kubeadm');
}

/** `kubeadm config images list|pull`: it knows the images of its own minor and of the one before. */
export async function configImages(
  context: ToolContext,
  verb: string | undefined,
  options: ReadonlyMap<string, string>,
): Promise<number> {
  const version = kubeadmVersion(context) ?? '';
  const file = options.get('config');
  if (file !== undefined && options.size > 1) {
    context.err(
      `can not mix '--config' with arguments [${[...options.keys()].filter((key) => key !== 'config').join(' ')}]\n`,
    );
    return 1;
  }
  const repository = options.get('image-repository');
  const flags: ImageSettings = repository === undefined ? {} : { imageRepository: repository };
  const settings = file === undefined ? flags : imageSettings(await context.machine.fs.readFile(file));
  const wanted = (options.get('kubernetes-version') ?? settings.kubernetesVersion ?? version).replace(/^v/, '');
  if (minorNumber(wanted) > minorNumber(version) || minorNumber(wanted) < minorNumber(version) - 1) {
    context.err(
      `this version of kubeadm only supports deploying clusters with the control plane version >= 1.${minorNumber(version) - 1}.0. Current version: v${wanted}\nTo see the stack trace of this error execute with --v=5 or higher\n`,
    );
    return 1;
  }
  const images = imagesOf(wanted);
  const list = ofKubeadm.map((name) => imageIn(settings, name, images[name] ?? ''));
  if (verb !== 'pull') {
    context.out(list.map((image) => `${image}\n`).join(''));
    return 0;
  }
  for (const image of list) {
    const error = await pull(context, image);
    if (error !== undefined) {
      context.err(`failed to pull image "${image}": output: ${error}\n`);
      return 1;
    }
    context.out(`[config/images] Pulled ${image}\n`);
  }
  return 0;
}

export const crictl: Tool = async (context) => {
  const { machine, args } = context;
  const words = args.filter(
    (arg, i) => !arg.startsWith('-') && !/^(-r|-o|--runtime-endpoint|--output|--name)$/.test(args[i - 1] ?? ''),
  );
  const [verb, image = ''] = words;
  switch (verb) {
    case 'ps':
      return containers(context);
    case 'exec':
      return execInContainer(context);
    case 'pull': {
      const error = await pull(context, image);
      if (error === undefined) context.out(`Image is up to date for ${image}\n`);
      else context.err(`E1121 pulling image: rpc error: code = Unavailable desc = ${error}\n`);
      return error === undefined ? 0 : 1;
    }
    case 'inspecti':
      if (!machine.pulledImages.has(image)) {
        context.err(`level=fatal msg="no such image \\"${image}\\" present"\n`);
        return 1;
      }
      context.out(`${JSON.stringify({ status: { id: `sha256:${hexOf(image, 64)}`, repoTags: [image] } })}\n`);
      return 0;
    case 'images':
      context.out(isJson(args) ? imagesAsJson([...machine.pulledImages]) : imagesAsTable([...machine.pulledImages]));
      return 0;
    case 'info':
    case 'version':
      return runtimeVersion(context);
    default:
      context.err(`the lab does not simulate crictl ${words.join(' ')}\n`);
      return 1;
  }
};

function runtimeVersion(context: ToolContext): number {
  const { machine } = context;
  if (machine.services.get('containerd')?.active !== 'active') {
    context.err(
      'FATA[0002] validate service connection: validate CRI v1 runtime API for endpoint "unix:///run/containerd/containerd.sock": rpc error: code = Unavailable desc = connection error\n',
    );
    return 1;
  }
  const [name, version] = machine.containerRuntime.split('://');
  context.out(`Version:  0.1.0\nRuntimeName:  ${name}\nRuntimeVersion:  v${version}\nRuntimeApiVersion:  v1\n`);
  return 0;
}

/** `--name` is a regular expression, as crictl takes it; `-q` prints ids only. */
function containers(context: ToolContext): number {
  const { machine, args } = context;
  const at = args.indexOf('--name');
  const pattern = new RegExp(/--name=(\S+)/.exec(args.join(' '))?.[1] ?? (at < 0 ? '' : (args[at + 1] ?? '')));
  const found = [...machine.staticPods].filter(
    ([name, pod]) => pattern.test(name) && pod.startedAt <= machine.clock.now(),
  );
  if (args.some((arg) => arg === '-q' || arg === '--quiet'))
    context.out(found.map(([name]) => `${containerId(machine, name)}\n`).join(''));
  else
    context.out(
      `CONTAINER       IMAGE    STATE     NAME\n${found.map(([name, pod]) => `${containerId(machine, name)}   ${pod.image}   Running   ${name}\n`).join('')}`,
    );
  return 0;
}

function containerId(machine: ToolContext['machine'], name: string): string {
  return hexOf(`${machine.name}${name}${machine.staticPods.get(name)?.startedAt ?? 0}`, 13);
}

async function execInContainer(context: ToolContext): Promise<number> {
  const { machine } = context;
  const [id, ...words] = context.args.slice(1).filter((arg, i) => i > 0 || !arg.startsWith('-'));
  if (id !== containerId(machine, 'etcd') || !isAlive(machine)) {
    context.err(`level=fatal msg="execing command in container: container \\"${id ?? ''}\\" not found"\n`);
    return 1;
  }
  return context.spawn({ script: inImage(words), env: { ...context.env, LAB_ETCD_MEMBER: machine.name } });
}

function isJson(args: readonly string[]): boolean {
  return /(-o|--output)[= ]json/.test(args.join(' '));
}

function imagesAsJson(images: readonly string[]): string {
  const list = images.map((image) => ({
    id: `sha256:${hexOf(image, 64)}`,
    repoTags: [image],
    repoDigests: [`${image.replace(/:[^:]*$/, '')}@sha256:${hexOf(image, 64)}`],
    size: '31457280',
  }));
  return `${JSON.stringify({ images: list }, null, 2)}\n`;
}

function imagesAsTable(images: readonly string[]): string {
  const rows = images.map(
    (image) => `${image.replace(/:[^:]*$/, '')}   ${image.replace(/^.*:/, '')}   ${hexOf(image, 13)}   30MB\n`,
  );
  return `IMAGE   TAG   IMAGE ID   SIZE\n${rows.join('')}`;
}
