import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { folder } from '../../commands/cli.ts';
import { havePostgres, type Postgres, startPostgres } from '../../postgres/postgres.ts';
import { kill } from '../../sshd/sshd.ts';
import { startProxy } from '../../sshd/proxy.ts';
import { stage } from '../plans.ts';
import { until } from '../../eventually.ts';
import { BY, clusterOf, Console, openPlace, type Place, startWorker, type Worker } from './rig.ts';

/** Of a control plane without workers: what is of interest is who runs it, and how often. */
const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: control-planes
inputs:
  version: { type: version, default: 1.32.9 }
  token: { type: secret }
phases:
  - name: Control planes
    nodes: control-plane
    steps:
      - uses: package-repo
        with: { version: '\${{ inputs.version }}' }
      - uses: install-packages
        with: { packages: [kubeadm], version: '\${{ inputs.version }}' }
      - uses: kubeadm-upgrade-apply
        with: { version: '\${{ inputs.version }}' }
      - name: Report it
        run: 'grep -q planted "$TOKEN"'
        secrets: { TOKEN: '\${{ inputs.token }}' }
`;
const SECRET = 'planted-in-the-environment-of-workers';
const KILLS = 20;

describe.skipIf(!havePostgres)('a fleet in a database survives its workers', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    process.env['FLEET_TOKEN'] = SECRET;
  });
  afterAll(async () => {
    delete process.env['FLEET_TOKEN'];
    await postgres.stop();
  });

  test(
    'killed at random, with and without what they started, and PostgreSQL restarted: every command once',
    { timeout: 900_000 },
    async () => {
      const dir = folder();
      const runbook = join(dir, 'control-planes.yaml');
      writeFileSync(runbook, RUNBOOK);
      const crew = ['eu', 'eu', 'us', 'us'].map((site, index) => new Slot(postgres, dir, site, index));
      onTestFinished(() => endProcessesOf(dir));
      const places = await Promise.all(
        ['eu1', 'eu2', 'eu3', 'us1', 'us2', 'us3'].map((name) => {
          const site = name.slice(0, 2);
          return openPlace(name, site, join(dir, site), 0);
        }),
      );
      crew.forEach((slot) => slot.start());
      await Promise.all(crew.map((slot) => slot.worker.ready()));
      const console = await Console.open(postgres);
      const clusters = await Promise.all(
        places.map(async (place) => clusterOf(place, await console.planned(place, runbook, ['token=env:FLEET_TOKEN']))),
      );
      const broken = { on: /^kubeadm upgrade apply/, effect: { kind: 'exit', code: 1 } as const, times: 100 };
      labOf(places, 'us2').addFault('cp-1', broken);
      await console.start(
        'run-1',
        [
          stage('canary', ['eu1'], { soak: 1000 }),
          stage('wide', ['eu2', 'us1', 'us2'], { maxConcurrent: 2, maxFailures: 1, approve: true }),
          stage('rest', ['eu3', 'us3'], { maxConcurrent: 2 }),
        ],
        clusters,
      );
      const log = () => crew.map((slot) => slot.log).join('\n');
      let kills = 0;
      let isRestarted = false;
      const states = async () => console.records('run-1').catch(() => []);
      while (kills < KILLS && !(await states()).some((one) => one.startsWith('fleet-ended'))) {
        await delay(300 + Math.random() * 1200);
        if (kills === KILLS / 2 && !isRestarted) {
          isRestarted = true;
          await postgres.restart();
        }
        const slot = crew[Math.floor(Math.random() * crew.length)];
        if (slot?.worker.isAlive !== true || !slot.worker.log.includes('is ready')) continue;
        kills += 1;
        // As a process that crashes, or as a machine that is gone; it comes back, or another one in its place.
        await slot.worker.kill();
        if (Math.random() < 0.5) slot.endRuns();
        if (Math.random() < 0.3) slot.forget();
        slot.start();
      }
      const isApprovable = async () => {
        const { records } = await console.book.read('run-1');
        const failed = records.find(({ type }) => type === 'fleet-ended');
        if (failed) throw new Error(`${JSON.stringify(failed)}\n${log()}`);
        return records.filter(({ type }) => type === 'cluster-ended').length >= 4;
      };
      await until(isApprovable, { limit: 400_000, known: log });
      // Not before: it is asked for once the stage is over.
      await console.request('run-1', { type: 'approve', stage: 'wide', by: BY });
      const records = await console.ended('run-1', log, 400_000);
      expect(kills, log()).toBe(KILLS);
      expect(records.at(-1)).toBe('fleet-ended failed: every stage is over, without us2');
      const endings = records
        .filter((one) => /^cluster-(started|ended)/.test(one))
        .map((one) => one.split(' ').slice(0, 3).join(' '));
      expect(endings.filter((one) => one.startsWith('cluster-started')).toSorted()).toEqual(
        places.map(({ name }) => `cluster-started ${name}`),
      );
      expect(endings.filter((one) => one.startsWith('cluster-ended')).toSorted()).toEqual(
        places.map(({ name }) => `cluster-ended ${name} ${name === 'us2' ? 'failed:' : 'done'}`),
      );
      const before = (one: string, other: string) =>
        expect(endings.indexOf(one), log()).toBeLessThan(endings.indexOf(other));
      before('cluster-ended eu1 done', 'cluster-started eu2');
      for (const first of ['eu2 done', 'us1 done', 'us2 failed:'])
        for (const later of ['eu3', 'us3']) before(`cluster-ended ${first}`, `cluster-started ${later}`);
      // Who takes over one that failed, and was not recorded, sees it fail once more.
      for (const place of places.filter(({ name }) => name !== 'us2'))
        expect(upgrades(place), place.name).toHaveLength(1);
      expect(mostAtOnce(records, ['eu2', 'us1', 'us2'])).toBeLessThanOrEqual(2);

      const dump = postgres.run('pg_dump', ['-d', 'runbook', '--inserts']);
      expect(dump).toContain('run-1');
      for (const secret of [SECRET, postgres.password, 'PRIVATE KEY', ...places.flatMap(keyLines)])
        expect(dump.includes(secret), secret).toBe(false);
      expect(log()).not.toContain(SECRET);
      expect(log()).not.toContain(postgres.password);
      await Promise.all(crew.map((slot) => slot.worker.stop()));
    },
  );

  test(
    'cut off from the database while its cluster is in kubeadm upgrade apply: another one waits for the lock, and nothing runs twice',
    { timeout: 600_000 },
    async () => {
      const dir = folder();
      const runbook = join(dir, 'control-planes.yaml');
      writeFileSync(runbook, RUNBOOK);
      onTestFinished(() => endProcessesOf(dir));
      const proxy = await startProxy(postgres.port);
      onTestFinished(() => proxy.stop());
      const place = await openPlace('de1', 'de', join(dir, 'de'), 0);
      const first = new Slot(postgres, dir, 'de', 0, proxy.port);
      first.start();
      await first.worker.ready();
      const console = await Console.open(postgres);
      const cluster = clusterOf(place, await console.planned(place, runbook, ['token=env:FLEET_TOKEN']));
      place.lab.addFault('cp-1', { on: /^kubeadm upgrade apply/, effect: { kind: 'slow', ms: 45_000 }, times: 1 });
      await console.start('run-2', [stage('all', ['de1'])], [cluster]);
      const log = () => `${first.log}\n${second.log}`;
      const second = new Slot(postgres, dir, 'de', 1);
      await until(() => upgrades(place).length === 1, { known: () => first.log });
      second.start();
      await second.worker.ready();
      proxy.blackHole();
      await until(() => /de1: attempt 1 of fleet run run-2/.test(second.log), { known: log });
      await until(() => /de1: .*(another run is at work|locked|lock)/.test(second.log), { known: log });
      proxy.heal();
      proxy.cut();
      const records = await console.ended('run-2', log);
      expect(records.slice(-2)).toEqual(['cluster-ended de1 done', 'fleet-ended done: every stage is over']);
      expect(records.filter((one) => one.startsWith('cluster-ended'))).toHaveLength(1);
      expect(upgrades(place)).toHaveLength(1);
      await Promise.all([first, second].map((slot) => slot.worker.stop()));
    },
  );
});

/** The place of a worker, which is started again and again. */
class Slot {
  readonly #postgres: Postgres;
  readonly #dir: string;
  readonly #site: string;
  readonly #port: number | undefined;
  readonly #name: string;
  #life = 0;
  #worker: Worker | undefined;
  #before = '';

  constructor(postgres: Postgres, dir: string, site: string, index: number, port?: number) {
    this.#postgres = postgres;
    this.#dir = dir;
    this.#site = site;
    this.#port = port;
    this.#name = `${site}-${index}`;
  }

  get worker(): Worker {
    if (!this.#worker) throw new Error('it was not started');
    return this.#worker;
  }

  /** Without the messages of DBOS. */
  get log(): string {
    const whole = `${this.#before}--- ${this.#name}\n${this.#worker?.log ?? ''}`;
    return whole.replaceAll(/^.* dbos (info|warning|error): .*\n/gm, '');
  }

  get #stateDir(): string {
    return join(this.#dir, `state-${this.#name}-${this.#life}`);
  }

  start(): void {
    if (this.#worker) this.#before += `--- ${this.#name}\n${this.#worker.log}--- killed\n`;
    this.#worker = startWorker(this.#postgres, {
      site: this.#site,
      inventories: join(this.#dir, this.#site),
      stateDir: this.#stateDir,
      ...(this.#port !== undefined && { port: this.#port }),
    });
  }

  /** Its state folder is lost. */
  forget(): void {
    this.endRuns();
    this.#life += 1;
  }

  /** The runs that it has started. */
  endRuns(): void {
    endProcessesOf(this.#stateDir);
  }
}

function endProcessesOf(folderName: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let words = '';
    try {
      words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      continue;
    }
    if (words.includes('cli.js') && words.includes(folderName)) kill(Number(pid), 'SIGKILL');
  }
}

function labOf(places: readonly Place[], name: string): Place['lab'] {
  const place = places.find((one) => one.name === name);
  if (!place) throw new Error(`no place ${name}`);
  return place.lab;
}

/** What was run of the command that must never run twice. */
function upgrades({ lab }: Place): readonly string[] {
  return lab.world.machines.flatMap(({ audit }) =>
    audit.entries.flatMap(({ line }) => (/^kubeadm upgrade apply(?!.*--dry-run)/.test(line) ? [line] : [])),
  );
}

function mostAtOnce(records: readonly string[], names: readonly string[]): number {
  let now = 0;
  let most = 0;
  for (const record of records) {
    const [type, name = ''] = record.split(' ');
    if (!names.includes(name)) continue;
    if (type === 'cluster-started') now += 1;
    if (type === 'cluster-ended') now -= 1;
    most = Math.max(most, now);
  }
  return most;
}

/** Lines of the key that logs in to its nodes. */
function keyLines({ lab }: Place): readonly string[] {
  return lab.privateKey.split('\n').filter((line) => line.length > 40);
}
