import { z } from 'zod';
import type { DeepReadonly } from '../../readonly.ts';
import type { Finding } from '../guard.ts';

export const overrideSchema = z.strictObject({
  guard: z.string(),
  node: z.exactOptional(z.string()).describe('Name of a node in the inventory; without it: wherever the guard refuses'),
  reason: z.string(),
});

/** An operator's decision to override a refusal, with the reason for the journal. */
export type Override = DeepReadonly<z.infer<typeof overrideSchema>>;

/** Overridden refusals become warnings that say so. */
export function applyOverrides(findings: readonly Finding[], overrides: readonly Override[] = []): readonly Finding[] {
  if (overrides.length === 0) return findings;
  return findings.map((finding) => {
    if (finding.severity !== 'refuse') return finding;
    const override = overrides.find(
      ({ guard, node }) => guard === finding.guard && (node === undefined || node === finding.node),
    );
    return override ? { ...finding, severity: 'warn', overridden: override.reason } : finding;
  });
}
