import { durationText } from '../duration.ts';
import type { PlanGate } from '../plan/pace.ts';
import type { PlanPhase } from '../plan/plan.ts';
import { placeName } from './place.ts';
import type { Line } from './style.ts';
import { escapeControls, sanitize } from './text.ts';

/** What has to be so before each batch of a phase begins, under the head of the phase. */
export function paceLines({ pause, gate }: PlanPhase): Line[] {
  const texts = [
    ...(pause === undefined ? [] : [`pause of ${durationText(pause)} after each batch that did something`]),
    ...(gate ? gateTexts(gate) : []),
  ];
  return texts.map((text): Line => [{ text: `  ${text}`, as: 'dim' }]);
}

/** Its commands as they run: looking at a gate is no step, so it is shown here. */
function gateTexts({ ask, every, timeout, ...gate }: PlanGate): string[] {
  const holds = gate.for === 0 ? 'must hold' : `must hold for ${durationText(gate.for)}`;
  const times = `asked every ${durationText(every)}, for ${durationText(timeout)} at most`;
  if (ask.kind === 'run') {
    const lines = ask.script.trimEnd().split('\n').map(escapeControls);
    const place = ask.place === 'local' ? 'this machine' : (placeName(ask.place) ?? ask.place);
    return [
      `gate before each batch: ${holds}; on ${place}, ${times}`,
      ...lines.map((line, index) => `  ${index === 0 ? '$' : ' '} ${line}`),
    ];
  }
  const names = [...Object.keys(ask.headers), ...Object.keys(ask.secretHeaders)];
  return [
    `gate before each batch: ${holds}; ${times}`,
    `  ${ask.method} ${sanitize(ask.url)}${names.length === 0 ? '' : ` with ${names.join(', ')}`}`,
    `  until ${sanitize(ask.condition)}`,
  ];
}
