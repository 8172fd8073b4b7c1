import type { DriverView } from '../../fleet/embedded/driver.ts';
import type { FleetPlan } from '../../fleet/plan.ts';
import type { FleetRecord } from '../../fleet/record.ts';
import type { FleetState } from '../../fleet/state.ts';
import { waitText } from '../../render/fleet.ts';
import { doneText } from '../../render/fleet-grid.ts';
import { duration } from '../../render/text.ts';
import type { Console } from '../../run/console.ts';

/**
 * Shows what a driver does: its records as lines of JSON, or in words.
 * @param hasRuns the runs of the clusters are in the state folder of this machine
 */
export function driverView(console: Console, plan: FleetPlan, hasRuns: boolean): DriverView {
  let waits = '';
  const stageOf = new Map(plan.stages.flatMap(({ name, clusters }) => clusters.map((one) => [one, name] as const)));
  return {
    onRecord: (record, state) => {
      if (console.output === 'json') return console.print(`${JSON.stringify(record)}\n`);
      const { text, isBad } = recordText(record, state, stageOf);
      const failed = record.type === 'cluster-ended' && record.outcome === 'failed' ? record.cluster : '';
      const { run } = state.clusters.get(failed) ?? {};
      const look = hasRuns && run !== undefined ? [`Look at it: runbook status ${run}`] : [];
      if (text !== '') (isBad ? console.warn : console.info)(text, look);
    },
    onDecision: (decision, { run }) => {
      const text = decision.waits
        .filter((one) => one.for !== 'clusters')
        .map(waitText)
        .join('; ');
      const approve = decision.waits.flatMap((one) =>
        one.for === 'approval' ? [`Approve it: runbook fleet approve ${one.stage} --run ${run}`] : [],
      );
      if (text !== '' && text !== waits && console.output !== 'json') console.info(text, approve);
      waits = text;
    },
    onWait: (of, text) => {
      if (text === '' || console.output === 'json') return;
      console.info(`${'cluster' in of ? of.cluster : `stage ${of.stage}`} waits: ${text}`);
    },
    onRefused: ({ type, by }, why) => {
      if (console.output !== 'json') console.warn(`${type} by ${by.user} comes to nothing: ${why}`);
    },
  };
}

interface Told {
  readonly text: string;
  readonly isBad?: boolean;
}

function recordText(record: FleetRecord, { clusters }: FleetState, stageOf: ReadonlyMap<string, string>): Told {
  switch (record.type) {
    case 'fleet-started':
      return { text: `fleet run ${record.run}` };
    case 'fleet-resumed': {
      const again = record.again.length === 0 ? '' : `; again: ${record.again.join(', ')}`;
      return { text: `resumed by ${record.by.user}${again}` };
    }
    case 'cluster-started': {
      const attempt = record.attempt > 1 ? ` (attempt ${record.attempt})` : '';
      return { text: `${stageOf.get(record.cluster) ?? ''}: ${record.cluster} started${attempt}` };
    }
    case 'cluster-run':
      return { text: `${record.cluster}: run ${record.run}` };
    case 'cluster-ended': {
      const { startedAt, endedAt } = clusters.get(record.cluster) ?? {};
      const took = startedAt === undefined || endedAt === undefined ? '' : ` after ${duration(endedAt - startedAt)}`;
      const why = record.reason === '' ? '' : `: ${record.reason}`;
      return { text: `${record.cluster} ${record.outcome}${took}${why}`, isBad: record.outcome === 'failed' };
    }
    case 'cluster-settled':
      return { text: `${record.cluster} settled by ${record.by.user}: ${record.reason}` };
    case 'gate-held':
      return { text: `the gate of stage ${record.stage} holds` };
    case 'gate-failed':
      return { text: record.reason, isBad: true };
    case 'stage-approved':
      return { text: `stage ${record.stage} approved by ${record.by.user}@${record.by.host}` };
    case 'paused':
      return { text: `paused by ${record.by.user}@${record.by.host}: what runs goes on` };
    case 'unpaused':
      return { text: `continued by ${record.by.user}@${record.by.host}` };
    case 'cancelled':
      return { text: `cancelled by ${record.by.user}@${record.by.host}: ${record.reason}`, isBad: true };
    case 'fleet-ended': {
      const done = doneText([...clusters.values()].map(({ standing }) => standing));
      const text = `${record.outcome}: ${record.reason}; ${done}`;
      return { text, isBad: record.outcome !== 'done' };
    }
  }
}
