import { z } from 'zod';
import { RESTORES } from '../facts/etcd-host.ts';
import type { Action, ActionContext } from './action.ts';
import { backupNames, backupPath } from './lib/backup-name.ts';
import { quote } from '../transport/quote.ts';

const schema = z.strictObject({
  dest: z.string().min(1).describe("The folder on the operator's machine; made where it is missing"),
  secrets: z
    .boolean()
    .default(false)
    .describe('Secrets too: then whoever reads the file is administrator of the cluster'),
  keep: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('How many such files of this cluster stay in that folder, the newest; 0: all of them'),
});
type With = z.infer<typeof schema>;

const NAME = { kind: 'resources', extension: 'tar.gz' };

/** `kubectl get all` leaves out most kinds (ConfigMaps, RBAC, custom resources ...): the API is asked for its kinds. */
export const backupResources: Action<With> = {
  name: 'backup-resources',
  summary: "Bring every object of the API as YAML to the operator's machine, by kind, in one archive",
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 1_800_000,
  usually: 60_000,
  onTimeout: 'kill',
  facts: ['nodes'],
  outcomeFacts: [],
  guards: ['membership'],
  settle: 0,
  unsupported: ({ node }) =>
    node.role === 'control-plane' ? undefined : `${node.name} is no control plane: kubectl has no kubeconfig there`,
  localPaths: ['dest'],
  looksAt: (context) => ({ local: [{ path: here(context) }] }),
  fetches(context) {
    const { keep } = context.with;
    return [
      {
        remote: `${RESTORES}/${context.run}/resources.tar.gz`,
        local: here(context),
        mode: 0o600,
        remove: true,
        ...(keep > 0 ? { keep: { count: keep, names: backupNames(NAME, context), with: [] } } : {}),
      },
    ];
  },
  script: (context) => ({
    commands: [
      'kubectl api-resources --verbs=list -o name',
      'kubectl get KIND --all-namespaces -o yaml, for each of them',
      `fetch the archive to ${here(context)}`,
    ],
    text: scriptOf(context),
  }),
  isDone(context) {
    const done = context.facts.files?.local[here(context)]?.sha256 !== undefined;
    return { done, reason: done ? `they are in ${here(context)}` : 'each run takes its own' };
  },
  project(context) {
    const { files } = context.facts;
    const local = { ...files?.local, [here(context)]: { sha256: 'of the archive' } };
    return { ...context.facts, files: { nodes: files?.nodes ?? {}, local } };
  },
};

function here(context: ActionContext<With>): string {
  return backupPath(NAME, context);
}

/** What is made up when it is asked for, or gone in an hour, is no backup. */
const LEFT_OUT = /^(events|componentstatuses|.*\.metrics\.k8s\.io|events\.events\.k8s\.io)$/.source;

function scriptOf(context: ActionContext<With>): string {
  const leftOut = context.with.secrets ? LEFT_OUT : LEFT_OUT.replace('(events|', '(secrets|events|');
  return `set -u
umask 077
export LC_ALL=C
run=${quote(context.run)}
work=${RESTORES}/\${RUNBOOK_RUN:-$run}
config=${quote(context.settings.kubeconfig)}
[ -r "$config" ] || config=/etc/kubernetes/admin.conf
rm -rf "$work/resources"
mkdir -p "$work/resources/namespaced" "$work/resources/cluster" || exit
api() { kubectl --kubeconfig "$config" --request-timeout=120s "$@"; }
count=0 missing=
for scope in namespaced cluster; do
  flag=true every=--all-namespaces
  if [ "$scope" = cluster ]; then flag=false every=; fi
  kinds=$(api api-resources --verbs=list --namespaced=$flag -o name) || exit
  for kind in $kinds; do
    if printf '%s\\n' "$kind" | grep -Eq ${quote(leftOut)}; then continue; fi
    if api get "$kind" $every -o yaml > "$work/resources/$scope/$kind.yaml"; then
      count=$((count + 1))
    else
      missing="$missing $kind"
    fi
  done
done
tar -czf "$work/resources.tar.gz" -C "$work" resources || exit
rm -rf "$work/resources"
if [ -n "$missing" ]; then
  echo "these kinds could not be read, the backup would not be whole:$missing" >&2
  rm -f "$work/resources.tar.gz"
  exit 1
fi
echo "$count kinds${context.with.secrets ? ', Secrets among them' : ', without Secrets'}"
`;
}
