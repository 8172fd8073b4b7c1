import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Fact } from './fact.ts';
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
  command: staticPods.command,
  remedy: staticPods.remedy,
  script: (options) => staticPods.script(options),
  parse: parseManifests,
};

const words = z.array(z.string()).nullish();
const manifestSchema = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({
    containers: z.array(z.object({ name: z.string(), command: words, args: words })).min(1),
    volumes: z.array(z.object({ name: z.string() })).nullish(),
  }),
});

function parseManifests(output: string): ManifestsFact {
  const components: Record<string, ManifestsFact[string]> = {};
  for (const document of parseAllDocuments(output)) {
    const parsed = document.errors.length > 0 ? undefined : manifestSchema.safeParse(document.toJS());
    if (!parsed?.success) continue;
    const { metadata, spec } = parsed.data;
    const [first, ...others] = spec.containers;
    components[metadata.labels?.['component'] ?? metadata.name] = {
      flags: [...(first?.command ?? []), ...(first?.args ?? [])].flatMap(flagOf),
      volumes: (spec.volumes ?? []).map(({ name }) => name),
      sidecars: others.map(({ name }) => name),
    };
  }
  return components;
}

function flagOf(word: string): { readonly name: string; readonly value: string }[] {
  const [, name, value = 'true'] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  return name === undefined ? [] : [{ name, value }];
}
