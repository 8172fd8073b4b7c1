import { expect, it } from 'vitest';
import type { BoundStep } from '../../src/actions/bound-step.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Finding } from '../../src/guards/guard.ts';
import { checkRun, checkStep } from '../../src/guards/registry.ts';
import { guardNodes } from './cluster.ts';

/** One row of a guard's table: a cluster, perhaps a step, and what the guard must say of it. */
export interface GuardCase {
  readonly title: string;
  readonly facts: Facts;
  /** Default: as before. */
  readonly after?: Facts;
  readonly step?: BoundStep;
  /** Severity and a part of the summary of each finding; none: the guard is silent. */
  readonly finds: readonly (readonly [Finding['severity'], string])[];
  /** The node that the first finding names. */
  readonly node?: string;
}

/** A test for each row. */
export function testCases(guard: string, cases: readonly GuardCase[]): void {
  it.each(cases.map((row) => [row.title, row] as const))('%s', (_, { facts, after = facts, step, finds, node }) => {
    const nodes = guardNodes(facts);
    const findings = step
      ? checkStep({ nodes, before: facts, after, step }, [guard])
      : checkRun({ nodes, before: facts, after: facts }, [guard]);
    expect(findings.map((finding) => [finding.severity, finding.summary])).toEqual(
      finds.map(([severity, part]) => [severity, expect.stringContaining(part)]),
    );
    for (const finding of findings) {
      expect(finding.guard).toBe(guard);
      expect(finding.remedy).not.toBe('');
      expect(finding.source).not.toBe('');
      expect(finding.summary).not.toMatch(/undefined|\n/);
    }
    if (node !== undefined) expect(findings[0]?.node).toBe(node);
  });
}
