import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import type * as Api from '@opentelemetry/api';
import type { HrTime, SpanContext, Tracer } from '@opentelemetry/api';
import { z } from 'zod';
import { messageOf } from '../failure.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { redactText } from '../redact.ts';
import { GuardedExporter } from './guarded-exporter.ts';
import { protocolOf, timeoutOf } from './otlp-settings.ts';
import type { Attributes, RunSpan } from './span.ts';
import type { Warn } from './watcher.ts';
import { within } from './within.ts';

/** Milliseconds that the end of a run, and each request, may take. */
const LIMIT = 3000;

/** Where spans go that have ended. */
export interface SpanSink {
  add(spans: readonly RunSpan[]): void;
  /** Sends what is left, within a few seconds. */
  close(): Promise<void>;
}

/**
 * OpenTelemetry's SDK and exporter, which read their variables from the environment. Undefined, with a warning, where
 * they cannot be had: the run continues without.
 */
export async function openTraces(env: NodeJS.ProcessEnv, warn: Warn): Promise<SpanSink | undefined> {
  const protocol = protocolOf(env);
  if (protocol !== 'http/protobuf' && protocol !== 'http/json') {
    warn(`no traces are sent: runbook does not speak the OTLP protocol ${protocol}`, [
      'Set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf or http/json (port 4318 of a collector), or unset it.',
    ]);
    return undefined;
  }
  try {
    return await openSink(protocol, timeoutOf(env, LIMIT), warn);
  } catch (error) {
    warn('no traces are sent: the packages of OpenTelemetry cannot be loaded', [
      messageOf(error).split('\n')[0] ?? '',
      `Install them beside runbook (with -g where runbook is): ${installCommand()}`,
      'Or unset OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.',
    ]);
    return undefined;
  }
}

async function openSink(protocol: 'http/protobuf' | 'http/json', timeoutMillis: number, warn: Warn): Promise<SpanSink> {
  const [api, sdk, { defaultResource, detectResources, envDetector, resourceFromAttributes }, { OTLPTraceExporter }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/resources'),
      protocol === 'http/json'
        ? import('@opentelemetry/exporter-trace-otlp-http')
        : import('@opentelemetry/exporter-trace-otlp-proto'),
    ]);
  const { version } = manifest();
  const agents: (HttpAgent | HttpsAgent)[] = [];
  const exporter = new OTLPTraceExporter({
    timeoutMillis,
    userAgent: `runbook/${version}`,
    httpAgentOptions: (scheme: string) => {
      const agent = scheme === 'http:' ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true });
      agents.push(agent);
      return agent;
    },
  });
  const guarded = new GuardedExporter(exporter, warn);
  const own = resourceFromAttributes({ 'service.name': 'runbook', 'service.version': version });
  const ids = new GivenIds();
  const provider = new sdk.BasicTracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: ids,
    spanProcessors: [new sdk.BatchSpanProcessor(guarded)],
  });
  const tracer = provider.getTracer('runbook', version);
  return {
    add: (spans) => {
      for (const span of spans) make(api, tracer, ids, span);
    },
    close: async () => {
      const isSent = await within(LIMIT, provider.shutdown());
      guarded.close(isSent ? undefined : `no answer within ${LIMIT / 1000} s`);
      for (const agent of agents) agent.destroy();
    },
  };
}

/** Made when it has ended, with the times and ids of the journal. */
function make(api: typeof Api, tracer: Tracer, ids: GivenIds, span: RunSpan): void {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const of = (spanId: string): SpanContext => ({
    traceId: span.traceId,
    spanId,
    traceFlags: ids.flagsOf(span.traceId, () => tracer.startSpan('', {}, ROOT_CONTEXT).spanContext().traceFlags),
  });
  const parent = span.parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, of(span.parent));
  const links = (span.links ?? []).map((id) => ({ context: of(id) }));
  ids.next = span;
  const made = tracer.startSpan(
    redactText(span.name),
    {
      kind: span.kind === 'run' ? SpanKind.SERVER : SpanKind.INTERNAL,
      startTime: timeOf(span.start),
      attributes: redacted(span.attributes),
      links,
    },
    parent,
  );
  for (const { name, at, attributes } of span.moments ?? []) made.addEvent(name, redacted(attributes), timeOf(at));
  if (span.error !== undefined) made.setStatus({ code: SpanStatusCode.ERROR, message: span.error });
  made.end(timeOf(span.end));
}

/** Gives each span the id that it has, in place of a random one. */
class GivenIds {
  next = { traceId: '', id: '' };
  readonly #flags = new Map<string, number>();

  generateTraceId(): string {
    return this.next.traceId;
  }

  generateSpanId(): string {
    return this.next.id;
  }

  /** Whether a trace is sampled: what the sampler makes of a first span of it, which is never ended. */
  flagsOf(traceId: string, ask: () => number): number {
    const known = this.#flags.get(traceId);
    if (known !== undefined) return known;
    this.next = { traceId, id: '0'.repeat(15) + '1' };
    const flags = ask();
    this.#flags.set(traceId, flags);
    return flags;
  }
}

function timeOf(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}

function redacted(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, typeof value === 'string' ? redactText(value) : value]),
  );
}

const manifestSchema = z.object({ version: z.string(), peerDependencies: z.record(z.string(), z.string()) });

function manifest(): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')));
}

function installCommand(): string {
  const own = Object.entries(manifest().peerDependencies).filter(([name]) => name.startsWith('@opentelemetry/'));
  return `npm install ${own.map(([name, range]) => `${name}@${range}`).join(' ')}`;
}
