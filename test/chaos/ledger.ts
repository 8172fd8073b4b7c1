import type { JournalRecord } from '../../src/journal/record.ts';
import { stepsOfPlan } from '../../src/plan/all-steps.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Command, SimulatedCluster } from './cluster.ts';
import type { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { ROOT } from '../../src/rehearse/link.ts';

type Started = Extract<JournalRecord, { type: 'attempt-started' }>;

interface Ran {
  readonly id: string;
  readonly node: string;
  readonly run: string;
}

/** What a script that is no attempt may run: it looks only, but for the note on a node that failed. */
const CHANGES =
  /^(kubeadm upgrade (apply|node)\b(?!.*--dry-run)|apt-get(?!.*(-s\b|--simulate)).*\b(install|upgrade|update)\b|kubectl .*\b(drain|cordon|uncordon|annotate|taint|label|delete)\b|systemctl\b.*\b(restart|start|stop|daemon-reload)\b|apt-mark (un)?hold\b|dpkg .*--configure|reboot)/;
const NOTE = /^kubectl .*\bannotate .*runbook\/failed=/;

/** Compares what the nodes really ran with what the journal records. */
export class Ledger {
  readonly wrong = new Set<string>();
  readonly #cluster: SimulatedCluster;
  readonly #plan: Plan;
  readonly #journals = new Map<string, KeptJournal>();
  /** In the order in which they were claimed. */
  readonly #ran: Ran[] = [];

  constructor(cluster: SimulatedCluster, plan: Plan) {
    this.#cluster = cluster;
    this.#plan = plan;
  }

  add(run: string, journal: KeptJournal): void {
    this.#journals.set(run, journal);
  }

  /** A node took a claim. */
  claimed(node: string, run: string, id: string): void {
    const step = stepOf(id);
    const started = this.#started(run, id);
    if (!started) this.wrong.add(`${node} runs ${id}, of which the journal knows nothing`);
    else if (started.host !== node) this.wrong.add(`${id} runs on ${node}, the journal says ${started.host}`);
    for (const other of this.#ran.filter((one) => stepOf(one.id) === step)) {
      const state = this.#state(other);
      const once = stepsOfPlan(this.#plan).some((one) => `${one.id}.${one.node}` === step && one.effect === 'once');
      if (state === 'running') this.wrong.add(`${id} was sent to ${node} while ${other.id} still ran`);
      else if (once && other.run === run && state === 'exited 0' && !this.#isOfFurtherPass(run, other))
        this.wrong.add(`${id} was sent to ${node} although ${other.id} had ended: ${state}`);
    }
    this.#ran.push({ id, node, run });
  }

  /** The journal has the pass that runs it again: of its step, begun after that attempt. */
  #isOfFurtherPass(run: string, other: Ran): boolean {
    const records = this.#journals.get(run)?.records() ?? [];
    const started = this.#started(run, other.id)?.seq ?? 0;
    return records
      .slice(started)
      .some(
        (record) =>
          record.type === 'pass-started' && record.again.some((id) => `${id}.${record.node}` === stepOf(other.id)),
      );
  }

  begun(command: Command): void {
    const { node, line, origin } = command;
    if (origin.kind === 'attempt') {
      if (!this.#started(origin.run, origin.id))
        this.wrong.add(`${node} ran \`${line}\` of an attempt that the journal does not know`);
    } else if (CHANGES.test(line) && !NOTE.test(line)) this.wrong.add(`${node} ran \`${line}\` outside of any attempt`);
  }

  /** The journal and the node agree on how an attempt ended, at that moment and at the end. */
  recorded(run: string, record: JournalRecord): void {
    if (record.type !== 'attempt-ended') return;
    const id = `${record.step}.${record.node}.${record.attempt}`;
    const { state } = record;
    const host = this.#started(run, id)?.host ?? record.node;
    const truth = this.#state({ id, node: host, run });
    const said =
      state.kind === 'exited'
        ? `exited ${state.code}`
        : state.kind === 'interrupted'
          ? `interrupted ${state.rebooted ? 'rebooted' : 'same-boot'}`
          : state.kind;
    const nothing = state.kind === 'never-ran' || state.kind === 'refused';
    if (nothing ? truth !== 'absent' : truth !== said)
      this.wrong.add(`the journal says of ${id}: ${said}; on ${host} it is ${truth}`);
  }

  /** At the end: nothing runs any more, and the audit log agrees with every end in the journal. */
  close(): void {
    for (const [run, journal] of this.#journals) for (const record of journal.records()) this.recorded(run, record);
    for (const ran of this.#ran)
      if (this.#state(ran) === 'running') this.wrong.add(`${ran.id} still runs on ${ran.node}`);
    for (const { node, line, exit, origin } of this.#cluster.commands) {
      if (origin.kind !== 'attempt' || !line.startsWith('kubeadm ')) continue;
      const truth = this.#state({ id: origin.id, node, run: origin.run });
      if (truth.startsWith('exited ') && truth !== `exited ${exit}`)
        this.wrong.add(`\`${line}\` ended with ${exit}, ${origin.id} with ${truth}`);
    }
  }

  #started(run: string, id: string): Started | undefined {
    return this.#journals
      .get(run)
      ?.records()
      .find(
        (record): record is Started =>
          record.type === 'attempt-started' && `${record.step}.${record.node}.${record.attempt}` === id,
      );
  }

  #state({ run, id, node }: Ran): string {
    return this.#cluster.machine(node).attempts.find(ROOT, run, id)?.state ?? 'absent';
  }
}

/** An attempt's id without its number: the step and the node that it is about. */
function stepOf(id: string): string {
  return id.replace(/\.\d+$/, '');
}
