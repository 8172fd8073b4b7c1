import { z } from 'zod';
import { apiVersion, duration, text, withDefault } from './fields.ts';
import { gateSchema, windowSchema } from './pace-schema.ts';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const name = (description: string) =>
  text(description).regex(NAME, { error: 'must be made of up to 63 letters, digits, dots, dashes and underscores' });

const PERCENT = /^(?:\d|[1-9]\d|100)%$/;

/** So many clusters, or a share of a stage's. */
function share(description: string, least: 0 | 1) {
  const error = `must be a number of clusters or a share of them (${least}, 3 or 25%)`;
  return z
    .union(
      [
        z.int({ error }).min(least, { error }),
        z.string({ error }).refine((value) => PERCENT.test(value) && Number.parseInt(value, 10) >= least, { error }),
      ],
      { error },
    )
    .describe(description);
}

const cluster = z
  .strictObject({
    name: name('How the fleet calls it.'),
    inventory: text('The path of its inventory. Relative paths start at the folder of this file; ~ is your home.'),
    site: withDefault(name('Where its nodes can be reached from; default unless given.'), 'default'),
    labels: withDefault(
      z
        .record(z.string(), text('A value.'), { error: 'must be a map of labels' })
        .describe('Labels of your own, known as `labels.NAME` to the stages.'),
      {},
    ),
  })
  .describe('One cluster.');

const stage = z
  .strictObject({
    name: name('What people call the stage; a command takes it.'),
    clusters: text(
      'A CEL expression over `name`, `site` and `labels`: the clusters that are in no earlier stage and that it is true for.',
    ),
    maxConcurrent: withDefault(share('How many clusters are under way at a time: 1 (default), 3, 25%.', 1), 1),
    maxFailures: withDefault(
      share('How many clusters may fail before no other is started: 0 (default), 3, 10%.', 0),
      0,
    ),
    soak: duration(
      'How long nothing is started after the end of its last cluster, before the next stage.',
    ).exactOptional(),
    approve: withDefault(
      z
        .boolean({ error: 'must be true or false' })
        .describe('Whether someone must approve the stage before the next one; false unless given.'),
      false,
    ),
    gate: gateSchema
      .exactOptional()
      .describe('Asked from the machine that drives the fleet, before clusters are started.'),
    window: windowSchema
      .exactOptional()
      .describe('When clusters may start: none is started that would not be done before it closes.'),
  })
  .describe('Clusters that come after those of the stage before.');

export const fleetSchema = z
  .strictObject({
    apiVersion,
    kind: z.literal('Fleet', { error: 'must be Fleet' }).describe('Fleet.'),
    name: name('The name of the fleet.'),
    description: text('What it is for.').exactOptional(),
    clusters: z
      .array(cluster, { error: 'must be a list of clusters' })
      .min(1, { error: 'must hold at least one cluster' })
      .max(2000, { error: 'must hold at most 2000 clusters' })
      .describe('The clusters, each with its inventory.'),
    strategy: z
      .strictObject({
        stages: z
          .array(stage, { error: 'must be a list of stages' })
          .min(1, { error: 'must hold at least one stage' })
          .describe('One after the other.'),
      })
      .describe('In which order the clusters are worked on.'),
  })
  .describe('Many clusters, and the order in which a runbook is run on them.');
