import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { type Field, fieldsOf, integer, messages } from './protobuf.ts';

type Value = string | number | boolean;

/** A span as it arrived. Times are nanoseconds since 1970. */
export interface Received {
  readonly traceId: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly moments: readonly string[];
  readonly links: readonly string[];
  readonly status: { readonly code: number; readonly message: string };
  readonly resource: Readonly<Record<string, Value>>;
}

export interface Collector {
  readonly url: string;
  readonly spans: Received[];
  readonly requests: { readonly path: string | undefined; readonly headers: IncomingMessage['headers'] }[];
  /** All that was received, as text. */
  readonly text: () => string;
}

/** An OTLP endpoint on loopback that takes JSON and protobuf. `answer`: the status that it gives, or never. */
export async function collect(answer: number | 'never' = 200): Promise<Collector> {
  const spans: Received[] = [];
  const requests: Collector['requests'] = [];
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url, headers: request.headers });
    if (answer === 'never') return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      bodies.push(bytes);
      const isJson = request.headers['content-type'] === 'application/json';
      if (answer === 200) spans.push(...(isJson ? fromJson(bytes) : fromProtobuf(bytes)));
      response.writeHead(answer, { 'content-type': request.headers['content-type'] ?? '' });
      response.end(isJson ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, requests, text: () => Buffer.concat(bodies).toString('latin1') };
}

const attributesSchema = z
  .array(
    z.object({
      key: z.string(),
      value: z.union([
        z.object({ stringValue: z.string() }),
        z.object({ intValue: z.number() }),
        z.object({ doubleValue: z.number() }),
        z.object({ boolValue: z.boolean() }),
      ]),
    }),
  )
  .transform((all) =>
    Object.fromEntries(all.map(({ key, value }): [string, Value] => [key, Object.values(value)[0] ?? ''])),
  );

const nanoseconds = z.string().regex(/^\d+$/).transform(BigInt);
const spanSchema = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes: attributesSchema,
  events: z.array(z.object({ name: z.string() })).default([]),
  links: z.array(z.object({ spanId: z.string() })).default([]),
  status: z.object({ code: z.number().default(0), message: z.string().default('') }),
});
const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: attributesSchema }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

function fromJson(bytes: Buffer): Received[] {
  const { resourceSpans } = requestSchema.parse(JSON.parse(bytes.toString()));
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        id: span.spanId,
        parent: span.parentSpanId,
        name: span.name,
        kind: span.kind,
        start: span.startTimeUnixNano,
        end: span.endTimeUnixNano,
        attributes: span.attributes,
        moments: span.events.map(({ name }) => name),
        links: span.links.map(({ spanId }) => spanId),
        status: span.status,
        resource: resource.attributes,
      })),
    ),
  );
}

/** ExportTraceServiceRequest of opentelemetry-proto. */
function fromProtobuf(bytes: Buffer): Received[] {
  return messages(fieldsOf(bytes), 1).flatMap((one) => {
    const [resource] = messages(fieldsOf(one), 1);
    const attributes = resource ? attributesOf(fieldsOf(resource), 1) : {};
    const scopes = messages(fieldsOf(one), 2);
    return scopes.flatMap((scope) => messages(fieldsOf(scope), 2).map((span) => spanOf(fieldsOf(span), attributes)));
  });
}

function spanOf(fields: readonly Field[], resource: Received['resource']): Received {
  const text = (number: number, encoding: BufferEncoding = 'utf8') => messages(fields, number)[0]?.toString(encoding);
  const status = fieldsOf(messages(fields, 15)[0] ?? Buffer.alloc(0));
  return {
    traceId: text(1, 'hex') ?? '',
    id: text(2, 'hex') ?? '',
    parent: text(4, 'hex'),
    name: text(5) ?? '',
    kind: Number(integer(fields, 6)),
    start: integer(fields, 7),
    end: integer(fields, 8),
    attributes: attributesOf(fields, 9),
    moments: messages(fields, 11).map((event) => messages(fieldsOf(event), 2)[0]?.toString() ?? ''),
    links: messages(fields, 13).map((link) => messages(fieldsOf(link), 2)[0]?.toString('hex') ?? ''),
    status: { code: Number(integer(status, 3)), message: messages(status, 2)[0]?.toString() ?? '' },
    resource,
  };
}

function attributesOf(fields: readonly Field[], number: number): Record<string, Value> {
  return Object.fromEntries(
    messages(fields, number).map((pair): [string, Value] => {
      const [key, value] = [1, 2].map((one) => messages(fieldsOf(pair), one)[0] ?? Buffer.alloc(0));
      const [field] = fieldsOf(value ?? Buffer.alloc(0));
      if (field && Buffer.isBuffer(field.value)) return [key?.toString() ?? '', field.value.toString()];
      return [key?.toString() ?? '', field?.number === 2 ? field.value === 1n : Number(field?.value ?? 0)];
    }),
  );
}
