import { z } from 'zod';
import { become } from './become-schema.ts';
import { apiVersion, duration, oneOrMore, secret, text, texts, user, withDefault } from './fields.ts';
import { hostProblem } from './host.ts';
import { expandRanges } from './ranges.ts';

const port = z
  .int({ error: (issue) => (issue.input === undefined ? undefined : 'must be a port from 1 to 65535') })
  .min(1, { error: 'must be a port from 1 to 65535' })
  .max(65_535, { error: 'must be a port from 1 to 65535' })
  .describe('The port of sshd; 22 unless given.');

const path = (description: string) =>
  text(`${description} Relative paths start at the folder of this file; ~ is your home.`);

const host = (description: string) =>
  text(description)
    .superRefine(explained((value) => (value === '' ? undefined : hostProblem(value))))
    .transform((address) => address.replace(/^\[(.*:.*)\]$/, '$1'));

/** A check whose message depends on the value. */
function explained(problemOf: (value: string) => string | undefined) {
  return (value: string, context: z.core.$RefinementCtx<string>): void => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message, input: value });
  };
}

/** What one login needs, to a node or to a jump host. */
const login = {
  user: user('The user to log in as; your own name unless given.').exactOptional(),
  port: port.exactOptional(),
  identityFile: texts(
    'Keys to try. Default: id_ed25519, id_ecdsa, id_rsa in ~/.ssh.',
    path('A private key, or a .pub whose private key the agent holds.'),
  ).exactOptional(),
  agent: z
    .union([z.boolean(), z.literal('only')], { error: 'must be true, false or only' })
    .exactOptional()
    .describe(
      'Whether keys of the agent ($SSH_AUTH_SOCK) are tried; true unless given. `only`: no private key file is opened.',
    ),
  passwordFrom: secret('The password of the login, where keys are not enough:').exactOptional(),
  passphraseFrom: secret('The passphrase of encrypted keys:').exactOptional(),
  knownHosts: texts(
    'Files with trusted host keys. Default: ~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts.',
    path('A file.'),
  ).exactOptional(),
  hostKeyChecking: z
    .enum(['strict', 'accept-new', 'off'])
    .exactOptional()
    .describe(
      '`strict` (default) refuses unknown and changed host keys, `accept-new` records unknown ones, `off` trusts anyone.',
    ),
  connectTimeout: duration('Limit for connecting and logging in; 10s unless given.').exactOptional(),
  keepalive: duration(
    'Between signs of life; three unanswered ones end the connection. 15s unless given.',
  ).exactOptional(),
};

const JUMP_HOST = /^(?:([^\s@:,]+)@)?(?:([^\s@:,[\]]+)|\[([0-9A-Fa-f:.%]+)\])(?::(\d{1,5}))?$/;

function jumpHostProblem(words: string): string | undefined {
  const [, , plain, bracketed] = JUMP_HOST.exec(words) ?? [];
  return plain === undefined && bracketed === undefined ? undefined : hostProblem(plain ?? `[${bracketed}]`);
}

const jumpHost = z.union(
  [
    text('[user@]host[:port]')
      .regex(JUMP_HOST, { error: 'must be [user@]host[:port]' })
      .superRefine(explained(jumpHostProblem))
      .transform((words) => {
        const [, name, plain, bracketed, number] = JUMP_HOST.exec(words) ?? [];
        return {
          host: plain ?? bracketed ?? words,
          ...(name === undefined ? {} : { user: name }),
          ...(number === undefined ? {} : { port: Number(number) }),
        };
      }),
    z
      .strictObject({ host: host('The address or DNS name of the jump host.'), ...login })
      .describe('A jump host with a login of its own; what it does not say is as for the node, but for the password.'),
  ],
  { error: 'must be [user@]host[:port], or a map with `host`' },
);

const transport = z
  .enum(['ssh2', 'openssh'])
  .describe(
    "How to connect: `ssh2`, built in, or `openssh`, this machine's `ssh`. Unless given: ssh2, and openssh where a login needs it.",
  );

const ssh = z
  .strictObject({
    ...login,
    transport: transport.exactOptional(),
    config: z
      .union([z.literal(false, { error: 'must be a file, or false' }), path('A file.')])
      .exactOptional()
      .describe('An ssh_config to read in place of ~/.ssh/config and /etc/ssh/ssh_config; false: none is read.'),
    jump: oneOrMore(
      'Hosts to go through, first one first; none: directly, whatever ssh_config says.',
      jumpHost,
      'must be a jump host or a list of them',
    )
      .transform((hops) => (hops.length === 1 && hops[0]?.host === 'none' ? [] : hops))
      .exactOptional(),
    proxyCommand: text(
      'A command whose stdin and stdout are the connection, in place of TCP. %h, %p, %r: host, port, user; none: TCP.',
    ).exactOptional(),
  })
  .describe('How to log in.');

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const NAME_ERROR = 'must be made of letters, digits, dots, dashes and underscores';
const name = (description: string) => text(description).regex(NAME, { error: NAME_ERROR });

function nodeNameProblem(value: string): string | undefined {
  const expanded = expandRanges(value);
  if (!expanded.ok) return expanded.problem;
  const wrong = expanded.names.find((one) => !NAME.test(one));
  if (wrong === undefined || value === '') return undefined;
  return value.includes('[') ? `${NAME_ERROR}; a range is [01:20] or [a:f]` : NAME_ERROR;
}

const vars = withDefault(
  z
    .record(z.string(), z.unknown(), { error: 'must be a map of values' })
    .describe('Values of your own, known as `node.vars.NAME` in expressions.'),
  {},
);

/** What differs from the `become` of all. */
const becomePart = z
  .strictObject({ ...become.shape, method: become.shape.method.exactOptional() })
  .exactOptional()
  .describe('How to become root, where that differs from the `become` of all.');

const node = z
  .strictObject({
    name: text(
      'The name of the Node object, as `kubectl get nodes` shows it; or of several: worker-[01:20].',
    ).superRefine(explained(nodeNameProblem)),
    host: host('The address or DNS name to connect to, without port; for several nodes a range of as many.'),
    role: withDefault(
      z.enum(['control-plane', 'worker', 'other']).describe('What the node is in the cluster; other unless given.'),
      'other',
    ),
    port: port.exactOptional(),
    transport: transport.exactOptional().describe('The same as `ssh.transport`.'),
    ssh: ssh.exactOptional().describe('What differs for this node from the `ssh` of all.'),
    become: becomePart,
    vars,
  })
  .describe('A machine of the cluster.');

const members = z.array(text('The name of a node or of another group, or a range of names: worker-[01:20].'), {
  error: 'must be a list of names',
});

const group = z.union(
  [
    members.transform((nodes) => ({ nodes, vars: {}, ssh: undefined, become: undefined })),
    z
      .strictObject({
        nodes: members.describe('Names of nodes and of other groups; worker-[01:20] stands for twenty.'),
        vars,
        ssh: ssh.optional().describe('What differs for these nodes from the `ssh` of all.'),
        become: becomePart,
      })
      .describe('A set of nodes, with settings of their own.'),
  ],
  { error: 'must be a list of names, or a map with `nodes`' },
);

const KUBECONFIG = '/etc/kubernetes/admin.conf';

export const inventorySchema = z
  .strictObject({
    apiVersion,
    kind: z.literal('Inventory', { error: 'must be Inventory' }).describe('Inventory.'),
    cluster: text('The name of the cluster; runs and locks are kept by it.'),
    ssh: ssh.exactOptional(),
    transport: transport.exactOptional().describe('The same as `ssh.transport`.'),
    become: withDefault(become, { method: 'none' }),
    vars,
    nodes: z
      .array(node, { error: 'must be a list of nodes' })
      .min(1, { error: 'must hold at least one node' })
      .describe('In the order of work.'),
    groups: withDefault(
      z
        .record(name('A name.'), group, { error: 'must be a map of groups' })
        .describe('Names for sets of nodes, usable as node patterns. A list of names, or a map.'),
      {},
    ),
    packages: withDefault(
      z
        .strictObject({
          baseUrl: text('The part before core:/stable:/vX.Y/, e.g. https://pkgs.k8s.io.')
            .regex(/^https?:\/\/[^\s'"\\]+$/, { error: 'must be an http or https address' })
            .refine((url) => !url.includes('/core:'), {
              error: 'must end before core:/stable:/vX.Y/, which is added to it',
            })
            .transform((url) => url.replace(/\/+$/, ''))
            .exactOptional(),
        })
        .describe('Where packages come from; the configured repository unless given.'),
      {},
    ),
    kubectl: withDefault(
      z
        .strictObject({
          on: withDefault(
            z.enum(['control-plane', 'local']).describe('Where kubectl runs; control-plane unless given.'),
            'control-plane',
          ),
          kubeconfig: withDefault(text(`Its kubeconfig there; ${KUBECONFIG} unless given.`), KUBECONFIG),
        })
        .describe('How the API is asked.'),
      { on: 'control-plane', kubeconfig: KUBECONFIG },
    ),
    remoteDir: text('The folder on each node that keeps attempts; /var/lib/runbook, without become ~/.runbook.')
      .regex(/^(?:~\/|\/)[A-Za-z0-9._/-]*[A-Za-z0-9_-]$/, {
        error: 'must be an absolute path (or ~/...) of plain characters',
      })
      .exactOptional(),
  })
  .describe('The nodes of one cluster and how to connect to them.');

/** An inventory as it is written; see `resolveInventory`. */
export type InventoryDocument = z.output<typeof inventorySchema>;
