import { Failure } from '../failure.ts';

/**
 * Made by `apply`, read from the command line, from folders here and from nodes: it becomes part of paths there and
 * here.
 */
const RUN_ID = /^[a-z0-9][a-z0-9-]{0,99}$/;

export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** @throws Failure (usage) */
export function requireRunId(text: string): void {
  if (isRunId(text)) return;
  throw new Failure('usage', `not the id of a run: ${text}`, [
    'It is made of small letters, digits and dashes, such as 20260314-202533-upgrade-1-32-9f3c. `runbook runs` lists them.',
  ]);
}
