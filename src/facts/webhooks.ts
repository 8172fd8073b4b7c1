import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy, parseJson } from './lib/kubectl.ts';
import { type LabelSelector, selectorOf, selectorSchema } from './pdbs.ts';
import { remembering } from './lib/remember.ts';

/** One webhook of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration. */
export interface WebhookFact {
  readonly kind: string;
  readonly configuration: string;
  readonly name: string;
  /** Requests are refused while it does not answer (failurePolicy: Fail). */
  readonly fails: boolean;
  /** Undefined: it is asked at an address outside. */
  readonly service?: { readonly namespace: string; readonly name: string };
  /** Of that Service; undefined: there is none, or it selects no pods. */
  readonly selector?: Readonly<Record<string, string>>;
  /** namespaceSelector, where it is not empty. */
  readonly namespaces?: LabelSelector;
  /** It has an objectSelector or matchConditions, which no rule of ours judges. */
  readonly narrowed?: true;
  readonly rules: readonly {
    readonly groups: readonly string[];
    readonly resources: readonly string[];
    readonly operations: readonly string[];
  }[];
}

const services =
  'get services -A -o jsonpath=\'{range .items[*]}{.metadata.namespace}{"/"}{.metadata.name}{" "}{.spec.selector}{"\\n"}{end}\'';

/**
 * Admission webhooks, with the selector of each one's Service. Their CA bundles, most of the data, are left out.
 * It never fails.
 */
export const webhooks: Fact<readonly WebhookFact[]> = {
  command: 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o json',
  remedy: kubectlRemedy,
  script: ({ kubeconfig }) =>
    `hooks=$(${kubectl(kubeconfig, 'get validatingwebhookconfigurations,mutatingwebhookconfigurations -o json')}) || { echo '{"items": []}'; exit 0; }
printf '%s\\n' "$hooks" | sed 's/^ *//; /^"caBundle":/d'
case $hooks in
*'"service":'*) echo '--- services'; ${kubectl(kubeconfig, services)} ;;
esac
true`,
  parse: remembering(parseWebhooks),
};

const strings = z.array(z.string()).nullish();
const webhookSchema = z.object({
  name: z.string(),
  failurePolicy: z.string().nullish(),
  namespaceSelector: selectorSchema,
  objectSelector: selectorSchema,
  matchConditions: z.array(z.unknown()).nullish(),
  clientConfig: z.object({
    service: z.object({ namespace: z.string(), name: z.string() }).nullish(),
    url: z.string().nullish(),
  }),
  rules: z.array(z.object({ apiGroups: strings, resources: strings, operations: strings })).nullish(),
});
const configurationsSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      apiVersion: z.string().nullish(),
      metadata: z.object({ name: z.string() }),
      webhooks: z.array(webhookSchema).nullish(),
    }),
  ),
});

function parseWebhooks(output: string): WebhookFact[] {
  const [json = '', list = ''] = output.split(/^--- services$/m);
  const selectors = new Map(list.split('\n').flatMap(serviceOf));
  return parseJson(configurationsSchema, json).items.flatMap(({ kind, apiVersion, metadata, webhooks: hooks }) =>
    (hooks ?? []).map((hook): WebhookFact => {
      const { service } = hook.clientConfig;
      const selector = service ? selectors.get(`${service.namespace}/${service.name}`) : undefined;
      return {
        kind,
        configuration: metadata.name,
        name: hook.name,
        // v1beta1 ignored failures by default.
        fails: (hook.failurePolicy ?? (apiVersion?.endsWith('/v1beta1') ? 'Ignore' : 'Fail')) === 'Fail',
        ...(service ? { service: { namespace: service.namespace, name: service.name } } : {}),
        ...(selector ? { selector } : {}),
        ...(isEmpty(hook.namespaceSelector) ? {} : { namespaces: selectorOf(hook.namespaceSelector) }),
        ...(isEmpty(hook.objectSelector) && !hook.matchConditions?.length ? {} : { narrowed: true as const }),
        rules: (hook.rules ?? []).map((rule) => ({
          groups: rule.apiGroups ?? [],
          resources: rule.resources ?? [],
          operations: rule.operations ?? [],
        })),
      };
    }),
  );
}

function isEmpty(selector: z.infer<typeof selectorSchema>): boolean {
  const { matchLabels, matchExpressions } = selectorOf(selector);
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** `demo/hook {"app":"hook"}`; kubectl before 1.18 prints `map[app:hook]`. Without a selector the pods are unknown. */
function serviceOf(line: string): [string, Readonly<Record<string, string>>][] {
  const [, name, text = ''] = /^(\S+\/\S+) (.+)$/.exec(line) ?? [];
  if (name === undefined) return [];
  const pairs = text.startsWith('map[')
    ? [...text.matchAll(/([^\s[\]]+?):([^\s[\]]*)/g)].map(([, key = '', value = '']) => [key, value] as const)
    : [...text.matchAll(/"([^"]+)":"([^"]*)"/g)].map(([, key = '', value = '']) => [key, value] as const);
  return pairs.length === 0 ? [] : [[name, Object.fromEntries(pairs)]];
}
