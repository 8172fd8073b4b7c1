import { z } from 'zod';
import type { Fact } from './fact.ts';
import {
  chosen,
  componentOf,
  type ManifestFile,
  manifestFiles,
  manifestsCommand,
  manifestsScript,
} from './lib/manifest-files.ts';
import { shownVariable } from './proxy-variables.ts';
import { staticPods } from './static-pods.ts';
import { remembering } from './lib/remember.ts';

/** The static pods' manifests by component: how they are started. Without dashes, `true` where a flag has no value. */
export type ManifestsFact = Readonly<
  Record<
    string,
    {
      readonly flags: readonly { readonly name: string; readonly value: string }[];
      readonly volumes: readonly string[];
      /** Names of containers beside the first. */
      readonly sidecars: readonly string[];
      readonly image?: string;
      /** Values of proxy variables alone, without passwords: others may hold secrets. */
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
      /** All else, by its place: `resources.requests.cpu`, `livenessProbe.timeoutSeconds`, `spec.hostNetwork`. */
      readonly fields?: Readonly<Record<string, string>>;
    }
  >
>;

/** How the static pods are started. What is no pod of kubeadm's form is left out: `staticPods` complains about it. */
export const manifests: Fact<ManifestsFact> = {
  command: manifestsCommand,
  remedy: staticPods.remedy,
  script: () => manifestsScript,
  parse: remembering(parseManifests),
};

const words = z.array(z.string()).nullish();
const containerSchema = z.looseObject({
  name: z.string(),
  command: words,
  args: words,
  image: z.string().nullish(),
  volumeMounts: z.unknown().optional(),
  env: z.array(z.object({ name: z.string(), value: z.string().nullish() })).nullish(),
});
const manifestSchema = z.object({
  metadata: z.object({ labels: z.unknown(), annotations: z.unknown() }).partial(),
  spec: z.looseObject({
    containers: z.tuple([containerSchema], containerSchema),
    volumes: z.array(z.object({ name: z.string() })).nullish(),
  }),
});

function parseManifests(output: string): ManifestsFact {
  return manifestsOf(manifestFiles(output));
}

/** Without what is no pod of kubeadm's form. */
export function manifestsOf(files: readonly ManifestFile[]): ManifestsFact {
  const found = files.flatMap(({ file, value }) => {
    const named = componentOf(value);
    const parsed = manifestSchema.safeParse(value);
    return named && parsed.success ? [{ file, ...named, manifest: manifestOf(parsed.data) }] : [];
  });
  return Object.fromEntries(chosen(found).map(({ component, manifest }) => [component, manifest]));
}

function manifestOf({ metadata, spec }: z.infer<typeof manifestSchema>): ManifestsFact[string] {
  const { containers, volumes: _, ...rest } = spec;
  const [first, ...others] = containers;
  const { name: _name, command, args, image, env, volumeMounts: _mounts, ...container } = first;
  const fields = { ...leaves('', container), ...leaves('spec', rest), ...leaves('metadata', metadata) };
  return {
    flags: [...(command ?? []), ...(args ?? [])].flatMap(flagOf),
    volumes: (spec.volumes ?? []).map(({ name }) => name),
    sidecars: others.map(({ name }) => name),
    ...(image ? { image } : {}),
    ...(env?.length ? { env: env.map(shownVariable) } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  };
}

/** The values of an object at any depth, by their place. */
function leaves(at: string, value: unknown): Record<string, string> {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { [at]: String(value) };
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => Object.entries(leaves(at === '' ? key : `${at}.${key}`, one))),
  );
}

function flagOf(word: string): { readonly name: string; readonly value: string }[] {
  const [, name, value = 'true'] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  return name === undefined ? [] : [{ name, value }];
}
