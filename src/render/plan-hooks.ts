import { placeOf } from '../plan/hooks.ts';
import type { Plan } from '../plan/plan.ts';
import { type Line, wrapLine } from './style.ts';
import { escapeControls, sanitize } from './text.ts';

const MOMENTS = { failure: 'if it fails', stop: 'if it is stopped', success: 'if it succeeds' } as const;

/** What is done once the run has ended. */
export function hookLines({ hooks = [] }: Plan, columns: number): Line[] {
  if (hooks.length === 0) return [];
  return [
    [],
    [
      { text: 'After the end of the run', as: 'bold' },
      { text: '  on this machine', as: 'dim' },
    ],
    ...hooks.flatMap(({ on, title, timeout, commands = [], notify }): Line[] => [
      ...wrapLine(
        [`  ${MOMENTS[on]}: ${sanitize(title)}`, { text: `  time limit ${timeout / 1000}s`, as: 'dim' }],
        columns,
      ),
      ...(notify ? [[{ text: `        POST ${sanitize(placeOf(notify.url))}`, as: 'dim' } as const]] : []),
      ...commands.map((line, index): Line => [`        ${index === 0 ? '$' : ' '} ${escapeControls(line)}`]),
    ]),
  ];
}
