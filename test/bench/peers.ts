import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Farm, found } from './farm.ts';

/** The same job by all: node after node, and on each node step after step, with the output and status of each. */
export interface Job {
  readonly steps: number;
  /** What step `n` (from 1 on) runs, a line of sh without quotes in it. */
  readonly command: (n: number) => string;
}

export interface Peer {
  readonly name: string;
  /** Why it cannot be measured here. */
  missing(): string | undefined;
  /** Writes what it reads, and gives its command line. `fresh` names this one run. */
  prepare(farm: Farm, job: Job, fresh: string): { readonly argv: readonly string[]; readonly env?: NodeJS.ProcessEnv };
  /** Takes its output apart: node, step and what the step printed, of steps that ended with 0. */
  read(output: string): readonly (readonly [node: string, step: number, printed: string])[];
}

const PLAIN = /^(n\d+) (\d+) 0 (.*)$/;

/** Of a peer that prints `node step status output` for each step. */
function plainLines(output: string): (readonly [string, number, string])[] {
  return output.split('\n').flatMap((line) => {
    const [, node, step, printed] = PLAIN.exec(line) ?? [];
    return node === undefined ? [] : [[node, Number(step), printed ?? ''] as const];
  });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

const own: Peer = {
  name: 'runbook',
  missing: () => undefined,
  prepare: ({ dir, nodes, knownHosts }, { steps, command }, fresh) => {
    const [inventory, runbook] = [join(dir, 'inventory.yaml'), join(dir, 'runbook.yaml')];
    const entries = nodes.map(
      ({ name, port, user, identityFile }) =>
        `  - { name: ${name}, host: 127.0.0.1, role: other, ssh: { port: ${port}, user: ${user}, identityFile: ${identityFile} } }\n`,
    );
    writeFileSync(
      inventory,
      `apiVersion: runbook/v1\nkind: Inventory\ncluster: bench\nssh: { knownHosts: ${knownHosts} }\nbecome: { method: none }\nremoteDir: ${dir}/remote\nnodes:\n${entries.join('')}`,
    );
    const list = numbers(steps).map((n) => `      - { name: step-${n}, run: '${command(n)}' }\n`);
    writeFileSync(
      runbook,
      `apiVersion: runbook/v1\nkind: Runbook\nname: bench\nphases:\n  - name: all\n    nodes: all\n    steps:\n${list.join('')}`,
    );
    const cli = new URL('../../dist/cli.js', import.meta.url).pathname;
    const state = ['--state-dir', join(dir, `state-${fresh}`)];
    return { argv: [process.execPath, cli, 'apply', runbook, '-i', inventory, '--yes', '--output', 'json', ...state] };
  },
  read: (output) => {
    const printed = new Map<string, string>();
    return output.split('\n').flatMap((line) => {
      if (!line.startsWith('{')) return [];
      const event: Record<string, unknown> = JSON.parse(line);
      const [node, title] = [String(event['node']), String(event['title'])];
      if (event['type'] === 'step-output') printed.set(`${node} ${title}`, String(event['text']).trim());
      if (event['type'] !== 'step-finished' || event['outcome'] !== 'changed') return [];
      return [[node, Number(/\d+$/.exec(title)?.[0]), printed.get(`${node} ${title}`) ?? ''] as const];
    });
  },
};

const openssh: Peer = {
  name: 'openssh-mux',
  missing: () => (found('ssh') ? undefined : 'ssh is not installed'),
  prepare: ({ dir, nodes, sshConfig }, { steps, command }) => {
    const mux = `-F ${sshConfig} -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=${dir}/mux-%n`;
    const script = join(dir, 'mux.sh');
    const calls = (name: string) =>
      numbers(steps).map(
        (n) => `out=$(ssh -n ${mux} ${name} '${command(n)}' 2>/dev/null); echo ${name} ${n} $? "$out"\n`,
      );
    const blocks = nodes.map(({ name }) => `${calls(name).join('')}ssh ${mux} -O exit ${name} 2>/dev/null\n`);
    writeFileSync(script, blocks.join(''));
    return { argv: ['sh', script] };
  },
  read: plainLines,
};

const ansible: Peer = {
  name: 'ansible',
  missing: () => (found('ansible-playbook') ? undefined : 'ansible-playbook is not installed'),
  prepare: ({ dir, nodes, sshConfig }, { steps, command }) => {
    const [playbook, hosts, config] = [join(dir, 'playbook.yml'), join(dir, 'hosts'), join(dir, 'ansible.cfg')];
    const tasks = numbers(steps).map((n) => `    - { name: step-${n}, ansible.builtin.shell: '${command(n)}' }\n`);
    writeFileSync(playbook, `- hosts: all\n  serial: 1\n  gather_facts: false\n  tasks:\n${tasks.join('')}`);
    writeFileSync(hosts, nodes.map(({ name }) => `${name}\n`).join(''));
    const args = `-F ${sshConfig} -o ControlMaster=auto -o ControlPersist=60`;
    const settings = [
      '[defaults]',
      `inventory = ${hosts}`,
      'interpreter_python = /usr/bin/python3',
      'nocolor = True',
      `local_tmp = ${dir}/ansible`,
      '[ssh_connection]',
      'pipelining = True',
      `ssh_args = ${args}`,
      `control_path_dir = ${dir}/ansible-mux`,
    ];
    writeFileSync(config, `${settings.join('\n')}\n`);
    return {
      argv: ['ansible-playbook', '-v', playbook],
      env: { ANSIBLE_CONFIG: config, ANSIBLE_HOME: join(dir, 'ansible') },
    };
  },
  read: (output) => {
    let step = Number.NaN;
    return output.split('\n').flatMap((line) => {
      const task = /^TASK \[step-(\d+)\]/.exec(line)?.[1];
      if (task !== undefined) step = Number(task);
      const [, node, result] = /^changed: \[(n\d+)\] => (\{.*\})$/.exec(line) ?? [];
      if (node === undefined || result === undefined) return [];
      const { rc, stdout = '' }: { readonly rc?: number; readonly stdout?: string } = JSON.parse(result);
      return rc === 0 ? [[node, step, stdout] as const] : [];
    });
  },
};

const FABRIC = `import sys
from fabric import Connection, Config
from paramiko import SSHConfig
config = Config(ssh_config=SSHConfig.from_path(sys.argv[1]))
for name in sys.argv[2].split(","):
    connection = Connection(name, config=config)
    for number, command in enumerate(sys.argv[3:], 1):
        result = connection.run(command, hide=True, in_stream=False)
        print(name, number, result.exited, result.stdout.strip())
    connection.close()
`;

const fabric: Peer = {
  name: 'fabric',
  missing: () =>
    spawnSync('python3', ['-c', 'import fabric']).status === 0 ? undefined : 'python3 has no module fabric',
  prepare: ({ dir, nodes, sshConfig }, { steps, command }) => {
    const program = join(dir, 'fabric_job.py');
    mkdirSync(dir, { recursive: true });
    writeFileSync(program, FABRIC);
    const names = nodes.map(({ name }) => name).join(',');
    return { argv: ['python3', program, sshConfig, names, ...numbers(steps).map(command)] };
  },
  read: plainLines,
};

/** Not a tool: one shell per node over ssh2, with a step per line. No step of it survives its connection. */
const floor: Peer = {
  name: 'ssh2-floor',
  missing: () => undefined,
  prepare: ({ dir, nodes }, { steps, command }) => {
    const file = join(dir, 'floor.json');
    writeFileSync(file, JSON.stringify({ nodes, commands: numbers(steps).map(command) }));
    return { argv: [process.execPath, new URL('floor.js', import.meta.url).pathname, file] };
  },
  read: plainLines,
};

/** In the order of the table. */
export const PEERS: readonly Peer[] = [own, openssh, ansible, fabric, floor];
