import type { ListrRenderer, ListrRendererTask } from 'listr2';
import { Listr } from 'listr2';
import { phaseLines } from './phase-layout.ts';
import type { PhaseState } from './phase-layout.ts';
import type { NodeView } from './phase-view.ts';
import type { Screen } from './screen.ts';
import type { Style } from './style.ts';

interface PhaseRendererOptions {
  readonly screen: Screen;
  readonly style: Style;
  readonly state: () => Omit<PhaseState, 'nodes'>;
}

interface NodeTaskOptions {
  readonly view: NodeView;
}

/**
 * Draws listr2's tree of a phase. listr2's own default renderer writes every line of every task, which tears as soon as
 * the list is taller than the terminal, and asks process.stdout for its width.
 */
class PhaseRenderer implements ListrRenderer {
  static nonTTY = true;
  static rendererOptions: PhaseRendererOptions;
  static rendererTaskOptions: NodeTaskOptions;
  readonly #tasks: readonly ListrRendererTask<typeof PhaseRenderer>[];
  readonly #options: PhaseRendererOptions;

  constructor(tasks: ListrRendererTask<typeof PhaseRenderer>[], options: PhaseRendererOptions) {
    this.#tasks = tasks;
    this.#options = options;
  }

  render(): void {
    const { screen, style, state } = this.#options;
    screen.show(({ rows, columns }) => phaseLines({ ...state(), nodes: this.#nodes(), columns }, rows, style));
  }

  /** The phase's end is an event and comes before the list notices: the screen has been taken already. */
  end(): void {}

  #nodes(): NodeView[] {
    return this.#tasks.map((task) => task.rendererTaskOptions.view);
  }
}

/** One phase as a listr2 list, a task per node, that follows the views of its nodes. Settles when all of them have. */
export function showPhase(views: readonly NodeView[], options: PhaseRendererOptions): Promise<unknown> {
  const tasks = views.map((view) => ({
    title: view.name,
    task: () => view.settled,
    rendererOptions: { view },
  }));
  return new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    // Ctrl-C belongs to the engine: it finishes the running step first.
    registerSignalListeners: false,
    renderer: PhaseRenderer,
    rendererOptions: options,
  }).run();
}
