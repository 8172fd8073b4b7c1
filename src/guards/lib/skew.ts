import { inventoryNameOf } from '../../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput } from '../guard.ts';
import type { Violation } from './skew-rules.ts';
import { type SkewState, skewState } from './skew-state.ts';

/** Refuses a step that adds a violation or makes one worse. Others are warnings: the step may be what fixes them. */
export function judge(
  guard: Guard,
  input: GuardInput,
  rule: (state: SkewState) => readonly Violation[],
  tolerated: (violation: Violation, after: SkewState) => boolean = () => false,
): readonly Finding[] {
  const before = rule(skewState(input.before));
  const after = skewState(input.after);
  const violations = input.step ? rule(after) : before;
  return violations.map((violation): Finding => {
    const known = before.find((candidate) => candidate.key === violation.key);
    const grows = input.step !== undefined && violation.excess > (known?.excess ?? 0);
    const node = violation.node === undefined ? undefined : inventoryNameOf(input.before, violation.node);
    return {
      guard: guard.id,
      severity: grows && !tolerated(violation, after) ? 'refuse' : 'warn',
      ...(node === undefined ? {} : { node }),
      summary: violation.summary,
      remedy: violation.remedy,
      source: guard.source,
    };
  });
}
