import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventJsonSchema, eventSchema } from '../../src/event.ts';
import { parsePlan, planDigest, planJsonSchema } from '../../src/plan/plan.ts';
import { createRenderer } from '../../src/render/create-renderer.ts';
import { sampleEvents, samplePlan } from './samples.ts';
import { Sink } from './terminal.ts';

describe('the schema of events', () => {
  it('accepts every line of the JSON output, one event of every type', async () => {
    const stdout = new Sink();
    const stderr = new Sink();
    const options = { stdout, stderr, color: true, verbose: true, now: () => 0 };
    const renderer = await createRenderer({ ...options, output: 'json' });
    const events = sampleEvents();
    for (const event of events) renderer.render(event);
    await renderer.close();
    const lines = stdout.text.trimEnd().split('\n');
    const schema = z.fromJSONSchema(jsonSchema(eventJsonSchema()));
    expect(lines.map((line) => schema.parse(JSON.parse(line)))).toEqual(events);
    expect(stderr.text).toBe('');
    const seen = new Set(events.map(({ type }) => type));
    const known = eventSchema.options.map((option) => option.shape.type.value);
    expect([...seen].sort()).toEqual([...known].sort());
  });

  it('refuses keys and types that it does not know', () => {
    const [event] = sampleEvents();
    const schema = z.fromJSONSchema(jsonSchema(eventJsonSchema()));
    expect(schema.safeParse({ ...event, extra: 1 }).success).toBe(false);
    expect(schema.safeParse({ type: 'reconnected', at: 'x', node: 'a' }).success).toBe(true);
    expect(schema.safeParse({ type: 'disconnected', at: 'x', node: 'a' }).success).toBe(false);
  });
});

describe('the schema of plans', () => {
  it('reads back what was saved', () => {
    const plan = { ...samplePlan(), digest: planDigest(samplePlan()) };
    expect(parsePlan(JSON.stringify(plan))).toEqual({ plan });
    expect(z.fromJSONSchema(jsonSchema(planJsonSchema())).parse(samplePlan())).toEqual(samplePlan());
  });

  it('refuses any other version, whatever else it holds, and says which ones it reads', () => {
    expect(parsePlan('{"version": 7, "other": true}')).toEqual({
      problem:
        'the plan has version 7, this runbook reads versions 1 and 2: use the runbook that wrote it, or make the plan again',
    });
    expect(parsePlan('{}')).toEqual({ problem: 'not a plan: it has no version' });
    expect(parsePlan('[')).toMatchObject({ problem: expect.stringMatching(/^not a plan: not JSON/) });
    expect(parsePlan('null')).toEqual({ problem: 'not a plan: it has no version' });
  });

  it('names the place of what does not fit', () => {
    const text = JSON.stringify({ ...samplePlan(), digest: 5 });
    expect(parsePlan(text)).toMatchObject({ problem: expect.stringContaining('digest') });
    expect(parsePlan(JSON.stringify({ ...samplePlan(), more: 1 }))).toMatchObject({
      problem: expect.stringContaining('more'),
    });
  });
});

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

function jsonSchema(schema: Record<string, unknown>): JsonSchema {
  return schema;
}
