import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** The events of a run that say how it went; of each only what is needed, so that a later release may add to them. */
const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run-started'), run: z.string() }),
  z.object({
    type: z.literal('run-finished'),
    run: z.string(),
    outcome: z.enum(['done', 'failed', 'refused', 'stopped', 'paused']),
    reason: z.exactOptional(z.string()),
  }),
  z.object({
    type: z.literal('step-finished'),
    outcome: z.string(),
    node: z.string(),
    step: z.string(),
    reason: z.string(),
    continued: z.exactOptional(z.literal(true)),
  }),
  z.object({ type: z.literal('nothing-to-resume'), state: z.enum(['none', 'done', 'abandoned']) }),
  z.object({ type: z.literal('message'), level: z.literal('error'), text: z.string() }),
  z.object({
    type: z.literal('finding'),
    finding: z.object({ severity: z.literal('refuse'), summary: z.string() }),
  }),
]);
/** As events are written: their time comes first. */
const WANTED = /^\{"at":"[^"]*","type":"(?:run-started|run-finished|step-finished|nothing-to-resume|message|finding)"/;

/** What the output of an attempt says. */
export interface AttemptLog {
  /** The run that it worked on. */
  readonly run?: string;
  /** How the run ended, unless a later process took it up. */
  readonly ended?: 'done' | 'failed' | 'refused' | 'stopped' | 'paused';
  /** Of a `resume` that found nothing to continue: how the run of that plan stands. */
  readonly nothing?: 'none' | 'done' | 'abandoned';
  /** Why it did not come to its end, in one line; empty: it says nothing. */
  readonly reason: string;
}

/** Reads the events of an attempt from a byte on. A file that is not there says nothing. */
export async function readAttemptLog(file: string, from = 0): Promise<AttemptLog> {
  let log: AttemptLog = { reason: '' };
  const stream = createReadStream(file, { start: from });
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  try {
    for await (const line of lines) if (WANTED.test(line)) log = after(log, line);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return log;
}

function after(log: AttemptLog, line: string): AttemptLog {
  const event = eventIn(line);
  switch (event?.type) {
    case undefined:
      return log;
    case 'run-started':
      return { run: event.run, reason: '' };
    case 'run-finished':
      return { ...log, run: event.run, ended: event.outcome, reason: event.reason ?? log.reason };
    case 'step-finished': {
      const isBad = event.outcome === 'failed' || event.outcome === 'unknown';
      if (!isBad || event.continued) return log;
      return { ...log, reason: `${event.step} on ${event.node} ${event.outcome}: ${event.reason}` };
    }
    case 'nothing-to-resume':
      return { ...log, nothing: event.state };
    case 'message':
      return { ...log, reason: event.text };
    case 'finding':
      return { ...log, reason: event.finding.summary };
  }
}

/** Undefined for every other event, and for a line that is torn. */
function eventIn(line: string): z.infer<typeof eventSchema> | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
