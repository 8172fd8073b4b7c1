import { roughly } from '../duration.ts';
import { isBad, type RunEvent } from '../event.ts';
import { diagnosticLines } from './diagnostic.ts';
import {
  type EventOf,
  factsText,
  failureLines,
  isWellRehearsed,
  messageLines,
  plannedText,
  rehearsedText,
  skippedText,
  summaryLines,
} from './event-lines.ts';
import { briefFindingLines, findingLines } from './finding.ts';
import { showPhase } from './phase-list.ts';
import { phaseSummary, type ShownPhase } from './phase-summary.ts';
import { NodeView } from './phase-view.ts';
import type { Renderer, RenderTarget } from './renderer.ts';
import { repeatedText, Tail } from './repeats.ts';
import { Screen } from './screen.ts';
import { createStyle } from './style.ts';
import type { Line, Style } from './style.ts';
import { Tally } from './tally.ts';
import { count, elapsed } from './text.ts';

/** On a terminal: what has ended stays as one line, the current phase moves below it. */
export function createPrettyRenderer(target: RenderTarget): Renderer {
  const style = createStyle(target);
  const bare = createStyle({ color: false, unicode: target.unicode });
  const screen = new Screen(target.progress, target.problems, style, bare);
  const pretty = new PrettyRenderer(target, screen, style);
  return {
    render: (event) => pretty.render(event),
    pause: () => screen.pause(),
    resume: () => screen.resume(),
    close: () => pretty.close(),
  };
}

interface CurrentPhase extends ShownPhase {
  latest?: NodeView;
  /** What it waits for before the next nodes. */
  waiting: string | undefined;
}

class PrettyRenderer {
  readonly #target: RenderTarget;
  readonly #screen: Screen;
  readonly #style: Style;
  readonly #tally = new Tally();
  readonly #lists: Promise<unknown>[] = [];
  #phase: CurrentPhase | undefined;
  #connecting: { readonly nodes: number; connected: number } | undefined;
  #started: number | undefined;
  /** What the run still takes, and when that was known. */
  #left: { readonly time: number; readonly at: number } | undefined;
  #stopping: string | undefined;

  constructor(target: RenderTarget, screen: Screen, style: Style) {
    this.#target = target;
    this.#screen = screen;
    this.#style = style;
  }

  async close(): Promise<void> {
    this.#leavePhase();
    await Promise.all(this.#lists);
    await this.#screen.close();
  }

  render(event: RunEvent): void {
    const { symbols } = this.#style;
    switch (event.type) {
      case 'diagnostic':
        return this.#screen.printProblem(diagnosticLines(event.diagnostic));
      case 'connecting':
        return this.#connect(event);
      case 'connected':
        if (this.#connecting) this.#connecting.connected += 1;
        return;
      case 'facts':
        return this.#wait(() => factsText(event));
      case 'finding':
        this.#rest();
        if (event.finding.severity === 'refuse') return this.#screen.printProblem(findingLines(event.finding, symbols));
        return this.#screen.print(briefFindingLines(event.finding, symbols));
      case 'step-planned':
        // People read the whole plan from renderPlan.
        return;
      case 'planned':
        this.#rest();
        return this.#screen.print([[{ text: plannedText(event), as: 'dim' }]]);
      case 'rehearsed':
        this.#rest();
        return this.#screen.print([[{ text: rehearsedText(event), as: isWellRehearsed(event) ? 'dim' : 'yellow' }]]);
      case 'run-started':
        return this.#runStarted(event);
      case 'nothing-to-resume':
        this.#rest();
        return this.#screen.print([[`nothing to resume: ${event.reason}`]]);
      case 'phase-started':
        return this.#phaseStarted(event);
      case 'phase-skipped':
        return this.#screen.print([[{ text: `${symbols.skipped} ${skippedText(event)}`, as: 'dim' }]]);
      case 'waiting':
        if (this.#phase) this.#phase.waiting = event.message;
        return;
      case 'phase-finished':
        return this.#phaseFinished();
      case 'step-started':
        if (this.#phase) this.#phase.waiting = undefined;
        this.#touch(event.node).started(event, this.#target.now());
        return;
      case 'step-output':
        this.#touch(event.node).output(event.text);
        return;
      case 'step-progress':
        this.#touch(event.node).progress(event.message);
        return;
      case 'step-retry':
        return this.#notice(event.node, `${event.title}: attempt ${event.attempt} follows: ${event.reason}`);
      case 'step-finished':
        return this.#stepFinished(event);
      case 'connection-lost':
        this.#touch(event.node).lost = event.reason;
        return this.#notice(event.node, `connection lost: ${event.reason}; what runs there continues`);
      case 'reconnected':
        this.#touch(event.node).lost = undefined;
        return this.#screen.print([[{ text: `${symbols.change} ${event.node}: `, as: 'green' }, 'connected again']]);
      case 'stopping':
        this.#stopping = event.reason;
        return this.#screen.print([[{ text: `${symbols.warning} stopping: ${event.reason}`, as: 'yellow' }]]);
      case 'run-finished':
        this.#phaseFinished(true);
        this.#rest();
        return this.#screen.print([[], ...summaryLines(event, this.#tally.runbook, symbols)]);
      case 'message':
        this.#rest();
        if (event.level === 'info') return this.#screen.print(messageLines(event, symbols));
        return this.#screen.printProblem(messageLines(event, symbols));
    }
  }

  #connect(event: EventOf<'connecting'>): void {
    const connecting = { nodes: event.nodes.length, connected: 0 };
    this.#connecting = connecting;
    this.#wait(() => `connecting: ${connecting.connected} of ${count(connecting.nodes, 'node')}`);
  }

  /** One moving line, for as long as nothing else is there. */
  #wait(text: () => string): void {
    if (this.#phase !== undefined) return;
    const { spinner } = this.#style.symbols;
    this.#screen.show(() => {
      const symbol = spinner[Math.floor(this.#target.now() / 200) % spinner.length] ?? '';
      return [[{ text: `${symbol} `, as: 'cyan' }, text()]];
    });
  }

  #rest(): void {
    if (this.#phase === undefined) this.#screen.show(undefined);
  }

  #runStarted(event: EventOf<'run-started'>): void {
    this.#rest();
    this.#tally.started(event);
    this.#started = this.#target.now();
    this.#keepLeft(event);
    const done = event.done > 0 ? `, ${event.done} of them done before` : '';
    this.#screen.print([
      [
        { text: `${event.runbook} on ${event.cluster}`, as: 'bold' },
        `: ${count(event.nodes.length, 'node')}, ${count(event.steps, 'step')}${done}`,
      ],
      [{ text: `${event.resumed ? 'resuming run' : 'run'} ${event.run}`, as: 'dim' }],
      [],
    ]);
  }

  #phaseStarted(event: EventOf<'phase-started'>): void {
    this.#leavePhase();
    const before = new Map(event.before?.map((one) => [one.node, one]));
    const views = event.nodes.map((name) => new NodeView(name, before.get(name)));
    const phase: CurrentPhase = {
      event,
      nodes: new Map(views.map((view) => [view.name, view])),
      since: this.#target.now(),
      waiting: undefined,
    };
    this.#phase = phase;
    const state = () => ({
      head: this.#head(phase),
      waiting: phase.waiting,
      latest: phase.latest,
      now: this.#target.now(),
      verbose: this.#target.verbose,
    });
    this.#lists.push(showPhase(views, { screen: this.#screen, style: this.#style, state }));
  }

  #head({ event, nodes }: CurrentPhase): Line {
    const { run, steps, done } = this.#tally;
    const position = run === undefined ? '' : `  ${done}/${count(steps, 'step')}`;
    const total = this.#started === undefined ? '' : `  ${elapsed(this.#target.now() - this.#started)}`;
    const left = this.#left === undefined ? '' : `, ${this.#leftText(this.#left)}`;
    const stopping: Line = this.#stopping === undefined ? [] : [{ text: '  stopping', as: 'yellow' }];
    return [
      { text: `Phase ${event.phase}/${event.phases} ${event.name}`, as: 'bold' },
      { text: `  ${count(nodes.size, 'node')}${position}${total}${left}`, as: 'dim' },
      ...stopping,
    ];
  }

  #keepLeft({ left }: { readonly left?: number | undefined }): void {
    if (left !== undefined) this.#left = { time: left, at: this.#target.now() };
  }

  #leftText({ time, at }: { readonly time: number; readonly at: number }): string {
    const left = time - (this.#target.now() - at);
    return left > 0 ? `${roughly(left)} left` : 'longer than expected';
  }

  /** `early`: the run ended before the phase did. */
  #phaseFinished(early = false): void {
    const phase = this.#phase;
    if (phase === undefined) return;
    this.#leavePhase();
    this.#screen.print([phaseSummary(phase, early, this.#target.now(), this.#style)]);
  }

  /** Ends the phase, with or without its event; its list settles then. */
  #leavePhase(): void {
    for (const node of this.#phase?.nodes.values() ?? []) node.settle();
    this.#phase = undefined;
    this.#screen.show(undefined);
  }

  /** The view of a node in the current phase. Outside of a phase there is nothing to show it in. */
  #touch(name: string): NodeView {
    const view = this.#phase?.nodes.get(name) ?? new NodeView(name);
    if (this.#phase?.nodes.has(name)) this.#phase.latest = view;
    return view;
  }

  #stepFinished(event: EventOf<'step-finished'>): void {
    const view = this.#touch(event.node);
    const { times } = this.#style.symbols;
    const tail = event.tail ?? (view.running?.tail ?? new Tail(0)).lines.map((line) => repeatedText(line, times));
    view.finished(event);
    this.#keepLeft(event);
    this.#tally.finished();
    if (!isBad(event.outcome)) return;
    this.#screen.printProblem(failureLines(event, tail, this.#style.symbols));
  }

  #notice(node: string, text: string): void {
    this.#screen.print([[{ text: `${this.#style.symbols.warning} ${node}: `, as: 'yellow' }, text]]);
  }
}
