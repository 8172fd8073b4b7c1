import { Command, CommanderError } from 'commander';
import { parseFaultEffect } from './audit.ts';
import { endBackground, runningLab, startInBackground } from './background.ts';
import { askLab, askState } from './control.ts';
import { distributions } from './distribution.ts';
import { LabFailure, usageFailure } from './failure.ts';
import { managedFault, managedState, managedUp } from './managed/command.ts';
import { isManaged } from './managed/lab.ts';
import { problemList } from './problems.ts';
import { containerdReleases, newestContainerd } from './runtime-packages.ts';
import type { LabState } from './state.ts';
import { kubeadmPhases, membershipPhases } from './tools/kubeadm-phases.ts';
import { count, knownProblem, scale, twinOptions, type UpOptions, upOptions } from './up-options.ts';
import { workloadOptions } from './workloads.ts';

const defaultFolder = '.runbook/lab';
const faultPhases = [...kubeadmPhases, ...membershipPhases];

/**
 * `runbook lab up|plant|down|state|fault`: what the program runs for these words behind `lab`.
 * @returns the exit code @throws only what is a bug
 */
export async function runLab(words: readonly string[]): Promise<number> {
  try {
    await labCommand().parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    // Help comes here too, with 0; every other error of commander is about usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof LabFailure)) throw error;
    process.stderr.write(`${[`error: ${error.message}`, ...error.detail.map((line) => `  ${line}`)].join('\n')}\n`);
    return error.exitCode;
  }
}

/** The commands behind the word `lab`. */
export function labCommand(): Command {
  const lab = new Command('runbook lab')
    .description('a simulated cluster behind real SSH servers on this machine')
    .showHelpAfterError('(see --help)')
    .exitOverride();
  lab
    .command('up')
    .description('start a lab in the background; prints the path of its inventory')
    .option('--dir <dir>', "the lab's folder", defaultFolder)
    .option('--control-planes <n>', 'how many control planes', '3')
    .option('--workers <n>', 'how many workers', '2')
    .option('--spare-control-planes <n>', 'how many further control planes, which have not joined the cluster', '0')
    .option('--spare-workers <n>', 'how many further machines, which have not joined the cluster', '0')
    .option('--external-etcd [n]', 'etcd on so many machines of its own, under systemd (default: 3)')
    .option('--etcd <version>', 'the release of a stacked etcd, e.g. 3.4.13 (default: that of Kubernetes)')
    .option('--kubernetes <version>', 'the release it runs', '1.31.9')
    .option('--containerd <version>', `its container runtime: ${containerdReleases.join(', ')}`, newestContainerd)
    .option('--latency <duration>', 'round-trip time added to every connection', '0ms')
    .option('--time-scale <factor>', 'simulated durations are divided by it: 10 is ten times faster', '1')
    .option('--os <name>', `what the nodes run: ${distributions.join(', ')}`, 'debian')
    .option('--dnf-nodes <list>', 'nodes with Rocky Linux and dnf, e.g. worker-1,worker-2', '')
    .option('--zypper-nodes <list>', 'nodes with openSUSE and zypper, e.g. worker-1', '')
    .option('--workloads <list>', `further workloads: ${workloadOptions.join(',')}`, '')
    .option('--problems <list>', 'what is wrong from the start, e.g. swap@worker-1,etcd-alarm; `help` lists them', '')
    .option('--from <file>', 'a twin of the cluster whose facts are in the file: runbook facts -i INVENTORY -o FILE')
    .option('--managed <provider>', "eks: a managed cluster, with the provider's CLI in DIR/bin, and nothing that runs")
    .option('--node-groups <list>', 'of a managed cluster, with their minors where they differ: general,spot=1.31', '')
    .action(up);
  lab
    .command('plant')
    .description('plant a problem in a running lab (`lab up --problems help` lists them)')
    .argument('<problem>', 'e.g. etcd-member-down@cp-3')
    .option('--dir <dir>', "the lab's folder", defaultFolder)
    .action(plant);
  lab.command('down').description('stop a lab').option('--dir <dir>', "the lab's folder", defaultFolder).action(down);
  lab
    .command('state')
    .description('the state of a lab, and every command that its nodes ran')
    .option('--dir <dir>', "the lab's folder", defaultFolder)
    .option('--output <format>', 'json or table', 'table')
    .action(state);
  lab
    .command('fault')
    .description('make a command fail, hang, lose its connection ...')
    .argument('<node>', 'the node that runs the command')
    .option('--dir <dir>', "the lab's folder", defaultFolder)
    .requiredOption('--on <regexp>', "matches the command's line, e.g. 'kubeadm upgrade node'")
    .requiredOption('--do <effect>', 'disconnect, exit:N, hang, reboot or slow:DURATION (wall-clock)')
    .option('--times <n>', 'how many commands it applies to', '1')
    .option('--phase <name>', `within kubeadm, when it comes to: ${faultPhases.join(', ')}`)
    .action(fault);
  return lab;
}

async function up(given: UpOptions, command: Command): Promise<void> {
  if (given.problems === 'help') {
    process.stdout.write(problemList());
    return;
  }
  const named = command.options.filter((one) => command.getOptionValueSource(one.attributeName()) === 'cli');
  const words = named.map(({ long }) => long ?? '');
  process.stdout.write(`${await started(given, words)}\n`);
}

/** @returns the path of its inventory */
async function started(given: UpOptions, named: readonly string[]): Promise<string> {
  if (given.managed !== undefined) return managedUp(given, named, scale(given.timeScale));
  const { from } = given;
  const options = from === undefined ? upOptions(given) : await twinOptions({ ...given, from }, named);
  return startInBackground(given.dir, options);
}

async function plant(problem: string, given: { readonly dir: string }): Promise<void> {
  await askLab(await runningLab(given.dir), { verb: 'plant', problem: knownProblem(problem) }).catch((error: Error) => {
    throw usageFailure(error.message);
  });
}

async function down(given: { readonly dir: string }): Promise<void> {
  if (isManaged(given.dir)) {
    process.stderr.write('Nothing runs in a managed lab; its folder stays.\n');
    return;
  }
  const ended = await endBackground(given.dir);
  process.stderr.write(ended ? 'The lab is down.\n' : `No lab is running in ${given.dir}.\n`);
}

async function state(given: { readonly dir: string; readonly output: string }): Promise<void> {
  if (given.output !== 'json' && given.output !== 'table')
    throw usageFailure(`--output ${given.output} is neither json nor table`);
  if (isManaged(given.dir)) {
    process.stdout.write(managedState(given.dir, given.output));
    return;
  }
  const found = await askState(await runningLab(given.dir));
  process.stdout.write(given.output === 'json' ? `${JSON.stringify(found, null, 2)}\n` : stateTable(found));
}

function stateTable(found: LabState): string {
  const rows = [
    ['NODE', 'STATUS', 'KUBELET', 'API SERVER', 'KUBEADM', 'REPOSITORY', 'HELD', 'COMMANDS'],
    ...found.nodes.map((node) => [
      node.name,
      `${node.member ? (node.ready ? 'Ready' : 'NotReady') : '-'}${node.unschedulable ? ',SchedulingDisabled' : ''}`,
      node.kubeletRunning || '-',
      node.staticPods['kube-apiserver'] ?? '-',
      node.packages['kubeadm'] || '-',
      node.repoMinor || '-',
      node.held.join(',') || '-',
      String(node.commands.length),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
  return `Kubernetes ${found.cluster.version}, kube-proxy ${found.cluster.kubeProxy}, CoreDNS ${found.cluster.coreDns}\n${lines.join('\n')}\n`;
}

interface FaultOptions {
  readonly dir: string;
  readonly on: string;
  readonly do: string;
  readonly times: string;
  readonly phase?: string;
}

async function fault(node: string, given: FaultOptions): Promise<void> {
  try {
    RegExp(given.on);
  } catch (error) {
    throw usageFailure(`--on ${given.on} is not a regular expression`, [], { cause: error });
  }
  const times = count('--times', given.times, 1, 1_000_000);
  if (isManaged(given.dir)) {
    managedFault(given.dir, { unit: node, on: given.on, effect: given.do, times });
    return;
  }
  if (!parseFaultEffect(given.do))
    throw usageFailure(`--do ${given.do} is none of disconnect, exit:N, hang, reboot, slow:DURATION`);
  const { phase } = given;
  if (phase !== undefined && !faultPhases.some((one) => one === phase))
    throw usageFailure(`--phase ${phase} is none of ${faultPhases.join(', ')}`);
  const address = await runningLab(given.dir);
  try {
    const fault = { node, on: given.on, effect: given.do, times, ...(phase !== undefined && { phase }) };
    await askLab(address, { verb: 'fault', ...fault });
  } catch (error) {
    throw usageFailure(error instanceof Error ? error.message : String(error), [], { cause: error });
  }
}
