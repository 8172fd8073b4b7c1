import { isBad, type RunEvent, type StepRef } from '../event.ts';
import { diagnosticLines } from './diagnostic.ts';
import {
  countsBefore,
  type EventOf,
  failureLines,
  messageLines,
  outcomeText,
  factsText,
  plannedText,
  rehearsedText,
  skippedText,
  summaryLines,
} from './event-lines.ts';
import { briefFindingLines, findingLines } from './finding.ts';
import { countsText, outcomeColour } from './outcome.ts';
import type { Renderer, RenderTarget } from './renderer.ts';
import { flushed } from './renderer.ts';
import { repeatedText, Repeats, Tail } from './repeats.ts';
import type { Repeated } from './repeats.ts';
import { createStyle } from './style.ts';
import type { Line } from './style.ts';
import { Tally } from './tally.ts';
import { clock, count, duration, escapeControls, listNames, splitLines, stepName } from './text.ts';

/** Lines of output that are shown again with a failure. */
const TAIL = 20;

interface Running {
  readonly repeats: Repeats;
  readonly tail: Tail;
}

/** One line per event, with its time, for pipes and logs: nothing moves, nothing is cut. */
export function createPlainRenderer(target: RenderTarget): Renderer {
  const plain = new PlainRenderer(target);
  return {
    render: (event) => plain.render(event),
    pause: () => {},
    resume: () => {},
    close: () => plain.close(),
  };
}

class PlainRenderer {
  readonly #target: RenderTarget;
  readonly #style;
  readonly #tally = new Tally();
  readonly #running = new Map<string, Running>();

  constructor(target: RenderTarget) {
    this.#target = target;
    this.#style = createStyle(target);
  }

  async close(): Promise<void> {
    for (const [key, running] of this.#running) this.#repeated(key.split(' ')[0] ?? '', running.repeats.end().ended);
    this.#running.clear();
    await Promise.all([flushed(this.#target.progress), flushed(this.#target.problems)]);
  }

  render(event: RunEvent): void {
    const symbols = this.#style.symbols;
    switch (event.type) {
      case 'diagnostic':
        return this.#problem(diagnosticLines(event.diagnostic));
      case 'connecting':
        return this.#print(event, [`connecting to ${count(event.nodes.length, 'node')}: ${listNames(event.nodes, 8)}`]);
      case 'connected':
        return this.#target.verbose ? this.#print(event, [`connected to ${event.node}`]) : undefined;
      case 'facts':
        return this.#print(event, [factsText(event)]);
      case 'finding':
        if (event.finding.severity === 'refuse') return this.#problem(findingLines(event.finding, symbols));
        return this.#printAll(event, briefFindingLines(event.finding, symbols));
      case 'step-planned':
        // People read the whole plan from renderPlan.
        return;
      case 'planned':
        return this.#print(event, [plannedText(event)]);
      case 'rehearsed':
        return this.#print(event, [rehearsedText(event)]);
      case 'run-started':
        this.#tally.started(event);
        return this.#print(event, runStarted(event));
      case 'nothing-to-resume':
        return this.#print(event, [`nothing to resume: ${event.reason}`]);
      case 'phase-started':
        return this.#print(event, phaseStarted(event));
      case 'phase-skipped':
        return this.#print(event, [`phase ${skippedText(event)}`]);
      case 'waiting':
        return this.#print(event, [{ text: 'waiting: ', as: 'cyan' }, event.message]);
      case 'phase-finished':
        return this.#target.verbose ? this.#print(event, [`phase ${event.phase} ${event.name}: ended`]) : undefined;
      case 'step-started':
        return this.#started(event);
      case 'step-output':
        return this.#output(event);
      case 'step-progress':
        return this.#print(event, [...about(event), event.message]);
      case 'step-retry':
        return this.#print(event, [
          ...about(event),
          { text: `trying again (attempt ${event.attempt}): `, as: 'yellow' },
          event.reason,
        ]);
      case 'step-finished':
        return this.#finished(event);
      case 'connection-lost':
        return this.#print(event, [
          { text: `${event.node}: connection lost: `, as: 'yellow' },
          `${event.reason}; what runs there continues`,
        ]);
      case 'reconnected':
        return this.#print(event, [{ text: `${event.node}: connected again`, as: 'green' }]);
      case 'stopping':
        return this.#print(event, [{ text: `stopping: ${event.reason}`, as: 'yellow' }]);
      case 'run-finished':
        return this.#printAll(event, summaryLines(event, this.#tally.runbook, symbols));
      case 'message':
        if (event.level === 'info') return this.#printAll(event, messageLines(event, symbols));
        return this.#problem(messageLines(event, symbols));
    }
  }

  #started(event: EventOf<'step-started'>): void {
    this.#running.set(keyOf(event), { repeats: new Repeats(), tail: new Tail(TAIL) });
    const how = event.reattached ? ' (still running there; following it)' : '';
    const attempt = event.attempt > 1 ? ` (attempt ${event.attempt})` : '';
    this.#print(event, [...about(event), `started${attempt}${how}`]);
    for (const command of this.#target.verbose ? event.commands : [])
      for (const line of splitLines(command)) this.#print(event, [`${event.node}   $ ${escapeControls(line)}`]);
  }

  #output(event: EventOf<'step-output'>): void {
    const running = this.#running.get(keyOf(event)) ?? { repeats: new Repeats(), tail: new Tail(TAIL) };
    this.#running.set(keyOf(event), running);
    for (const text of splitLines(event.text)) {
      running.tail.push(text);
      const { ended, line } = running.repeats.push(text);
      this.#repeated(event.node, ended, event.at);
      if (line !== undefined) this.#outputLine(event.at, event.node, [line]);
    }
  }

  #repeated(node: string, ended: Repeated | undefined, at?: string): void {
    if (ended === undefined) return;
    const when = at ?? new Date(this.#target.now()).toISOString();
    const { times } = this.#style.symbols;
    this.#outputLine(when, node, [{ text: `(the line above ${times}${ended.count})`, as: 'dim' }]);
  }

  #outputLine(at: string, node: string, line: Line): void {
    this.#print({ at }, [{ text: `${node}   ${this.#style.symbols.bar} `, as: 'dim' }, ...line]);
  }

  #finished(event: EventOf<'step-finished'>): void {
    const running = this.#running.get(keyOf(event));
    this.#running.delete(keyOf(event));
    this.#repeated(event.node, running?.repeats.end().ended, event.at);
    this.#tally.finished();
    const took = event.duration > 0 ? ` in ${duration(event.duration)}` : '';
    const bad = isBad(event.outcome);
    this.#print(event, [
      ...about(event),
      { text: outcomeText(event), as: outcomeColour(event.outcome) },
      `${took}${event.reason === '' ? '' : `: ${event.reason}`}`,
    ]);
    if (!bad) return;
    const kept = running?.tail.lines.map((line) => repeatedText(line, this.#style.symbols.times)) ?? [];
    this.#problem(failureLines(event, event.tail ?? kept, this.#style.symbols));
  }

  #print(event: { readonly at: string }, line: Line): void {
    this.#target.progress.write(`${this.#style.line([{ text: clock(event.at), as: 'dim' }, ' ', ...line])}\n`);
  }

  #printAll(event: { readonly at: string }, lines: readonly Line[]): void {
    for (const line of lines) this.#print(event, line);
  }

  #problem(lines: readonly Line[]): void {
    this.#target.problems.write(lines.map((line) => `${this.#style.line(line)}\n`).join(''));
  }
}

function runStarted(event: EventOf<'run-started'>): Line {
  const done = event.done > 0 ? `, ${event.done} of them done before` : '';
  return [
    { text: `${event.resumed ? 'resuming' : 'run'} ${event.run}`, as: 'bold' },
    `: ${event.runbook} on ${event.cluster}, ${count(event.nodes.length, 'node')}, ${count(event.steps, 'step')}${done}`,
  ];
}

function phaseStarted(event: EventOf<'phase-started'>): Line {
  const before = event.before === undefined ? '' : `; ended before: ${countsText(countsBefore(event))}`;
  return [
    { text: `phase ${event.phase}/${event.phases} ${event.name}`, as: 'bold' },
    ` on ${listNames(event.nodes, 8)}${before}`,
  ];
}

function about(step: StepRef): Line {
  return [{ text: step.node, as: 'bold' }, ' ', { text: `${stepName(step)}:`, as: 'cyan' }, ' '];
}

function keyOf(step: StepRef): string {
  return `${step.node} ${step.step}`;
}
