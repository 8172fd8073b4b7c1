import type { Fact } from './fact.ts';
import { kubectl } from './lib/kubectl.ts';

/** /etc/kubernetes/admin.conf of a node. */
export interface AdminConfFact {
  readonly present: boolean;
  /** It may do everything; undefined: not known. */
  readonly admin?: boolean;
  /** kubectl's output where the answer was not yes. */
  readonly error?: string;
}

const path = '/etc/kubernetes/admin.conf';

/** What kubeadm works with on a control plane: does it reach the cluster, and may it do everything there? */
export const adminConf: Fact<AdminConfFact> = {
  command: `kubectl --kubeconfig ${path} auth can-i '*' '*' --all-namespaces`,
  remedy: 'Try it there by hand.',
  script: () => `[ -f ${path} ] || { echo 'missing'; exit 0; }
command -v kubectl >/dev/null 2>&1 || { echo 'unknown'; exit 0; }
printf 'answer: '
${kubectl(path, "auth can-i '*' '*' --all-namespaces", 10)} 2>&1
true`,
  parse: parseAdminConf,
};

function parseAdminConf(output: string): AdminConfFact {
  if (/^missing$/m.test(output)) return { present: false };
  const answer = /^answer: ([\s\S]*)$/m.exec(output)?.[1]?.trim() ?? '';
  if (answer === '') return { present: true };
  const lines = answer.split('\n').map((line) => line.trim());
  if (lines.includes('yes')) return { present: true, admin: true };
  // `no` may be followed by the authorizer's reason.
  const refused = lines.find((line) => /^no\b/.test(line) || /forbidden/i.test(line));
  return refused === undefined
    ? { present: true, error: lines.at(-1) ?? '' }
    : { present: true, admin: false, ...(refused === 'no' ? {} : { error: refused }) };
}
