import type { OwnAnswers } from '../run/own-commands.ts';

/** A rehearsal runs no command of the runbook: steps count as to be done, and what is required is taken to hold. */
export const unasked: OwnAnswers = {
  checks: () => Promise.resolve(undefined),
  requirements: () => Promise.resolve(new Map()),
  unasked: new Map(),
  findings: [],
};
