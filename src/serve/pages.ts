import { Failure, messageOf } from '../failure.ts';
import { sha256 } from '../digest.ts';
import { stampsOf } from '../journal/stamps.ts';
import type { RunStore } from '../journal/store.ts';
import { redactText } from '../redact.ts';
import { renderFleetHtml } from '../render/fleet-html.ts';
import { renderHtml } from '../render/report-html.ts';
import {
  type ListedFleet,
  type ListedPlan,
  type ListedRun,
  renderProblemPage,
  renderRunsPage,
} from '../render/runs-html.ts';
import type { FleetBook } from '../fleet/book.ts';
import { listRun } from '../run/list-runs.ts';
import { readReport } from '../run/report.ts';
import { readPlanReport } from '../run/report/plan-page.ts';
import { localZone } from '../time-zone.ts';
import { fleetStatus } from './fleet-status.ts';
import { TICK, Versions } from './versions.ts';

interface PageSources {
  readonly store: RunStore;
  readonly fleets: FleetBook;
  /** Files of saved plans. */
  readonly plans: readonly string[];
  readonly script: string;
  readonly now: () => number;
}

/** What is shown of the state folder, read from its files for each request. */
export class Pages {
  readonly #store: RunStore;
  readonly #fleets: FleetBook;
  readonly #plans: readonly string[];
  readonly #script: string;
  readonly #now: () => number;
  readonly #versions: Versions;
  /** Rows of runs that no one works on, with the version of their files. */
  readonly #rows = new Map<string, { readonly files: string; readonly listed: ListedRun }>();

  constructor({ store, fleets, plans, script, now }: PageSources) {
    this.#store = store;
    this.#fleets = fleets;
    this.#plans = plans;
    this.#script = script;
    this.#now = now;
    this.#versions = new Versions(store, now);
  }

  /** The page with all runs. */
  async list(): Promise<string> {
    const files = await this.#filesOfAll();
    const plans: ListedPlan[] = [];
    for (const file of this.#plans) plans.push(await this.#listedPlan(file));
    const runs: ListedRun[] = [];
    for (const run of await this.#store.ids()) runs.push(await this.#listed(run));
    const fleets: ListedFleet[] = [];
    for (const run of await this.#fleets.runs()) fleets.push(await this.#listedFleet(run));
    const live = { events: 'events', version: this.#nameOf(files) };
    const place = { folder: this.#store.root, zone: localZone() };
    return redactText(renderRunsPage({ runs, plans, fleets }, place, this.#script, live));
  }

  /** The page of one run; of one that cannot be read, with the reason. Undefined: there is no such run. */
  async run(run: string): Promise<string | undefined> {
    if (!(await this.#store.ids()).includes(run)) return undefined;
    const files = await this.#versions.filesOf(run);
    const live = (): Parameters<typeof renderProblemPage>[3] => ({
      events: `${run}/events`,
      version: this.#nameOf(files, run),
      list: '../',
    });
    try {
      const report = await readReport(this.#store, run, this.#now());
      this.#versions.note(run, report.state);
      return redactText(renderHtml(report, this.#script, live()));
    } catch (error) {
      this.#versions.note(run, 'damaged');
      return redactText(renderProblemPage(run, problemOf(error), this.#script, live()));
    }
  }

  /** The document of `runbook report --format json`. @throws Failure where the run cannot be read */
  async json(run: string): Promise<string | undefined> {
    if (!(await this.#store.ids()).includes(run)) return undefined;
    return redactText(`${JSON.stringify(await readReport(this.#store, run, this.#now()))}\n`);
  }

  /** The version that a page has now. @param run undefined: the list */
  async version(run: string | undefined): Promise<string> {
    return this.#nameOf(await (run === undefined ? this.#filesOfAll() : this.#versions.filesOf(run)), run);
  }

  /** The page of a saved plan. @param number by which the list names it */
  async plan(file: string, number: number): Promise<string> {
    const live = { events: `${number}/events`, version: await this.versionOfPlan(file), list: '../' };
    try {
      return redactText(renderHtml(await readPlanReport(file, this.#now()), this.#script, live));
    } catch (error) {
      return redactText(renderProblemPage(file, problemOf(error), this.#script, live));
    }
  }

  /** The page of a fleet run; of one that cannot be read, with the reason. Undefined: there is no such one. */
  async fleet(run: string): Promise<string | undefined> {
    if (!(await this.#fleets.runs()).includes(run)) return undefined;
    const live = { events: `${run}/events`, version: await this.versionOfFleet(run), list: '../' };
    try {
      const now = this.#now();
      const known = new Set(await this.#store.ids());
      const status = await fleetStatus(this.#fleets, run, this.#store, now);
      const linkOf = (of: string): string | undefined => (known.has(of) ? `../runs/${of}` : undefined);
      const place = { zone: localZone(), madeAt: now };
      return redactText(renderFleetHtml(status, linkOf, place, { script: this.#script, live }));
    } catch (error) {
      return redactText(renderProblemPage(run, problemOf(error), this.#script, live));
    }
  }

  /** What its clusters' runs do shows from time to time, until it is over. */
  async versionOfFleet(run: string): Promise<string> {
    const { kept, isDriven } = await this.#fleets.version(run);
    return sha256(isDriven ? `${kept}-${Math.floor(this.#now() / TICK)}` : kept).slice(0, 16);
  }

  async versionOfPlan(file: string): Promise<string> {
    return sha256(await stampsOf([file])).slice(0, 16);
  }

  async #filesOfAll(): Promise<string> {
    const fleets = await Promise.all((await this.#fleets.runs()).map((run) => this.versionOfFleet(run)));
    return [await this.#versions.filesOfAll(), await stampsOf(this.#plans), ...fleets].join('\n');
  }

  async #listedPlan(file: string): Promise<ListedPlan> {
    try {
      return { file, report: await readPlanReport(file, this.#now()) };
    } catch (error) {
      return { file, problem: problemOf(error).join(' ') };
    }
  }

  async #listedFleet(run: string): Promise<ListedFleet> {
    try {
      return { run, status: await fleetStatus(this.#fleets, run, undefined, this.#now()) };
    } catch (error) {
      return { run, problem: problemOf(error).join(' ') };
    }
  }

  #nameOf(files: string, run?: string): string {
    return sha256(this.#versions.ofPage(files, run)).slice(0, 16);
  }

  async #listed(run: string): Promise<ListedRun> {
    const files = await this.#versions.filesOf(run);
    const known = this.#rows.get(run);
    if (known?.files === files) return known.listed;
    const listed = await listRun(this.#store, run).catch((error: unknown) => ({ run, problem: messageOf(error) }));
    const state = 'row' in listed ? listed.row.state : 'damaged';
    this.#versions.note(run, state);
    // Whether a process works on it is in no file of it.
    if (state === 'running' || state === 'died') this.#rows.delete(run);
    else this.#rows.set(run, { files, listed });
    return listed;
  }
}

function problemOf(error: unknown): string[] {
  return error instanceof Failure ? [error.message, ...error.detail] : [messageOf(error)];
}
