import type { Plan, PlanPhase } from '../plan/plan.ts';

/** The releases that a phase is between, in a plan of several hops. */
export interface HopPair {
  readonly from: string;
  readonly to: string;
}

export function hopPair({ way }: Pick<Plan, 'way'>, { hop }: Pick<PlanPhase, 'hop'>): HopPair | undefined {
  const at = hop === undefined ? -1 : (way?.through.indexOf(hop.version) ?? -1);
  const from = at === 0 ? way?.from : way?.through[at - 1];
  return hop === undefined || at === -1 || from === undefined || from === hop.version
    ? undefined
    : { from, to: hop.version };
}

/** A text with the releases and minors of its hop replaced: two texts with one result differ in nothing else. */
export function withoutReleases(text: string, { from, to }: HopPair): string {
  const words = new Map([
    [to, '\0to'],
    [from, '\0from'],
    ...(minorOf(from) === minorOf(to)
      ? []
      : ([
          [minorOf(to), '\0to-minor'],
          [minorOf(from), '\0from-minor'],
        ] as const)),
  ]);
  const all = [...words.keys()].map((word) => word.split('.').join(DOT)).join('|');
  return text.replaceAll(new RegExp(`(?<![0-9.])(?:${all})(?![0-9]|\\.[0-9])`, 'g'), (found) => {
    const dots = found.replaceAll(/[0-9]+/g, ' ');
    return `${words.get(found.replaceAll(/[^0-9.]/g, '')) ?? found}${dots.replaceAll(/[ .]/g, '')}`;
  });
}

/** In a pattern of a script it may be escaped. */
const DOT = String.raw`\\*\.`;

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
