import { z } from 'zod';
import type { FileFact } from '../facts/facts.ts';
import { withUnknownUnits } from '../facts/lib/looked.ts';
import type { Action, ActionContext, Verdict } from './action.ts';
import { quote } from '../transport/quote.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({
  src: z
    .string()
    .min(1)
    .describe("The file on the operator's machine, relative to the runbook; `~/` is the home folder"),
  dest: z
    .string()
    .regex(/^\/.*[^/]$/, 'an absolute path of a file')
    .describe('The file on the node: an absolute path; folders that are missing are made'),
  mode: z
    .string()
    .regex(/^0?[0-7]{3,4}$/, 'digits such as 0644')
    .default('0644')
    .describe('Its permissions, e.g. 0600; give it in quotes'),
  owner: z
    .string()
    .regex(/^[\w.-]+(:[\w.-]+)?$/, 'a user, or user:group')
    .optional()
    .describe('Whom it belongs to, e.g. root or etcd:etcd; unless given, it is left as root writes it'),
  template: z
    .boolean()
    .default(false)
    .describe('`true`: `${{ }}` in the text of the file are filled for each node; other files stay as they are'),
});
type With = z.infer<typeof schema>;

/** The content goes through a channel of its own: it is in no script, journal or log. */
export const copy: Action<With> = {
  name: 'copy',
  summary: "Bring a file of the operator's machine to the node",
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 600_000,
  usually: 5000,
  onTimeout: 'kill',
  facts: [],
  guards: [],
  settle: 0,
  localPaths: ['src'],
  sources: ['src'],
  fills: { when: 'template', source: 'src' },
  looksAt: ({ with: { src, dest, template } }) => ({
    local: [{ path: src, ...(template && { text: true as const }) }],
    node: [dest],
  }),
  sends: (context) => {
    const { src, template } = context.with;
    const { filled = template ? { error: `${src} was not read` } : undefined } = context;
    return [{ local: context.with.src, ...(filled && { filled }), remote: staged(context), mode: 0o600 }];
  },
  script(context) {
    const { dest, mode, owner } = context.with;
    const lines = [
      'set -u',
      `run=${quote(context.run)}`,
      `file=${quote(beside(dest))}"\${RUNBOOK_RUN:-$run}"`,
      `refuse() { rm -f "$file"; exit 1; }`,
      // mv would put it into the folder.
      `if [ -d ${quote(dest)} ]; then printf '%s\\n' ${quote(`${dest} is a folder: dest names the file itself`)} >&2; refuse; fi`,
      ...(owner === undefined ? [] : [`chown ${quote(owner)} "$file" || refuse`]),
      `chmod ${mode} "$file" || refuse`,
      `mv -f "$file" ${quote(dest)} || refuse`,
      `if command -v restorecon >/dev/null 2>&1; then restorecon ${quote(dest)}; fi`,
    ];
    const shown = [`copy ${context.with.src}${fillingOf(context)} to ${dest}`, `chmod ${mode} ${quote(dest)}`];
    return { commands: shown, text: `${lines.join('\n')}\n` };
  },
  isDone: verdict,
  project(context) {
    const { files } = context.facts;
    const known = files?.local[context.with.src] ?? { sha256: 'of the file' };
    const source = context.filled ?? known;
    const there: FileFact = {
      ...(source.sha256 === undefined ? {} : { sha256: source.sha256 }),
      mode: plain(context.with.mode),
      ...(context.with.owner === undefined ? {} : { owner: context.with.owner }),
    };
    const node = { ...files?.nodes[context.node.name], [context.with.dest]: there };
    return {
      ...withUnknownUnits(context.facts, context.node.name),
      files: {
        local: { ...files?.local, [context.with.src]: known },
        nodes: { ...files?.nodes, [context.node.name]: node },
      },
    };
  },
};

/** By the digest, the same text is known again. */
function fillingOf({ filled, node }: ActionContext<With>): string {
  return filled?.sha256 === undefined ? '' : `, filled for ${node.name} (sha256 ${filled.sha256.slice(0, 12)})`;
}

function staged({ with: { dest }, run }: ActionContext<With>): string {
  return `${beside(dest)}${run}`;
}

/** Hidden: what reads every file of a folder (the kubelet its manifests) must not take it for one of them. */
function beside(dest: string): string {
  const at = dest.lastIndexOf('/') + 1;
  return `${dest.slice(0, at)}.${dest.slice(at)}.runbook-`;
}

function verdict(context: ActionContext<With>): Verdict {
  const { src, dest, mode, owner } = context.with;
  const here = context.filled ?? context.facts.files?.local[src];
  const there = context.facts.files?.nodes[context.node.name]?.[dest];
  if (context.filled?.sha256 === undefined && context.filled?.error !== undefined)
    return { done: false, reason: context.filled.error };
  if (here?.sha256 === undefined) return { done: false, reason: `${src} cannot be read: ${here?.error ?? 'unknown'}` };
  if (there === undefined || there.missing) return { done: false, reason: `${dest} is not there` };
  const missing = [
    ...(there.sha256 === here.sha256 ? [] : [`${dest} has another content`]),
    ...(there.mode === plain(mode) ? [] : [`its mode is ${there.mode ?? 'unknown'}, not ${mode}`]),
    ...(owner === undefined || belongs(there.owner, owner) ? [] : [`its owner is ${there.owner ?? 'not known'}`]),
  ];
  return verdictOf(missing, `${dest} is as ${src}`);
}

function plain(mode: string): string {
  return mode.replace(/^0+(?=.)/, '');
}

function belongs(found: string | undefined, wanted: string): boolean {
  return found === wanted || found?.startsWith(`${wanted}:`) === true;
}
