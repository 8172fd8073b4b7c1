import { z } from 'zod';
import type { Fact } from './fact.ts';
import { chosen, componentOf, manifestFiles, manifestsCommand, manifestsScript } from './lib/manifest-files.ts';
import { staticPods } from './static-pods.ts';

/** The static pods' manifests by component: how they are started. Without dashes, `true` where a flag has no value. */
export type ManifestsFact = Readonly<
  Record<
    string,
    {
      readonly flags: readonly { readonly name: string; readonly value: string }[];
      readonly volumes: readonly string[];
      /** Names of containers beside the first. */
      readonly sidecars: readonly string[];
    }
  >
>;

/** How the static pods are started. What is no pod of kubeadm's form is left out: `staticPods` complains about it. */
export const manifests: Fact<ManifestsFact> = {
  command: manifestsCommand,
  remedy: staticPods.remedy,
  script: () => manifestsScript,
  parse: parseManifests,
};

const words = z.array(z.string()).nullish();
const manifestSchema = z.object({
  spec: z.object({
    containers: z.array(z.object({ name: z.string(), command: words, args: words })).min(1),
    volumes: z.array(z.object({ name: z.string() })).nullish(),
  }),
});

function parseManifests(output: string): ManifestsFact {
  const found = manifestFiles(output).flatMap(({ file, value }) => {
    const named = componentOf(value);
    const parsed = manifestSchema.safeParse(value);
    return named && parsed.success ? [{ file, ...named, manifest: manifestOf(parsed.data) }] : [];
  });
  return Object.fromEntries(chosen(found).map(({ component, manifest }) => [component, manifest]));
}

function manifestOf({ spec }: z.infer<typeof manifestSchema>): ManifestsFact[string] {
  const [first, ...others] = spec.containers;
  return {
    flags: [...(first?.command ?? []), ...(first?.args ?? [])].flatMap(flagOf),
    volumes: (spec.volumes ?? []).map(({ name }) => name),
    sidecars: others.map(({ name }) => name),
  };
}

function flagOf(word: string): { readonly name: string; readonly value: string }[] {
  const [, name, value = 'true'] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  return name === undefined ? [] : [{ name, value }];
}
