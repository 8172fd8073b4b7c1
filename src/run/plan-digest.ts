import { Failure, type FailureKind } from '../failure.ts';
import type { Plan } from '../plan/plan.ts';

/** The value of --plan-digest. @throws Failure (usage) */
export function parsePlanDigest(given: string | undefined): string | undefined {
  if (given === undefined || /^[0-9a-f]{64}$/.test(given)) return given;
  throw new Failure('usage', `--plan-digest ${given}: not the digest of a plan (64 hexadecimal digits)`, [
    '`runbook plan` prints it.',
  ]);
}

/** The operator knows which plan it must be. @throws Failure where it is another */
export function requirePlanDigest(known: string | undefined, plan: Plan, kind: FailureKind): void {
  if (known === undefined || known === plan.digest) return;
  throw new Failure(kind, 'the plan is not the one that --plan-digest names; nothing was changed', [
    `--plan-digest: ${known}`,
    `the plan:      ${plan.digest}`,
  ]);
}
