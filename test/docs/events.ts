import { format } from 'prettier';
import { z } from 'zod';
import { eventJsonSchema } from '../../src/event.ts';

interface Form {
  readonly type?: string | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, Form>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Form | undefined;
  readonly additionalProperties?: Form | boolean | undefined;
}

const formSchema: z.ZodType<Form> = z.object({
  type: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  description: z.string().optional(),
  get properties() {
    return z.record(z.string(), formSchema).optional();
  },
  required: z.array(z.string()).optional(),
  get items() {
    return formSchema.optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), formSchema]).optional();
  },
});

const schemaSchema = z.object({ oneOf: z.array(formSchema) });

interface EventForm {
  readonly type: string;
  readonly form: Form;
}

/** As `runbook schema event` has them. */
export function eventForms(): EventForm[] {
  return schemaSchema
    .parse(eventJsonSchema())
    .oneOf.map((form) => ({ type: String(form.properties?.['type']?.const), form }));
}

/** docs/events.md with the events that there are. */
export function eventsPage(text: string): Promise<string> {
  const [begin, end] = [
    '<!-- events: built from src/event.ts, see test/docs/events.test.ts -->',
    '<!-- end of events -->',
  ];
  const [head, rest = ''] = text.split(begin);
  const [, tail] = rest.split(end);
  if (tail === undefined) throw new Error('no place for the events');
  const content = eventForms().map(section).join('\n\n');
  return format(`${head}${begin}\n\n${content}\n\n${end}${tail}`, {
    parser: 'markdown',
    singleQuote: true,
    printWidth: 120,
  });
}

function section({ type, form }: EventForm): string {
  const rows = fieldsOf(form).map(
    ([name, field, isThere]) =>
      `| \`${name}\`${isThere ? '' : ' (may be missing)'} | ${typeText(field)} | ${field.description ?? ''} |`,
  );
  return [
    `### \`${type}\``,
    '',
    form.description ?? '',
    '',
    '| field | type | meaning |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** Without `type` and `at`, which all have. */
function fieldsOf({ properties = {}, required = [] }: Form): (readonly [string, Form, boolean])[] {
  return Object.entries(properties)
    .filter(([name]) => name !== 'type' && name !== 'at')
    .map(([name, form]) => [name, form, required.includes(name)] as const);
}

function typeText({
  type,
  const: value,
  enum: values,
  items,
  properties,
  required = [],
  additionalProperties,
}: Form): string {
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  if (values) return values.map((one) => `\`${String(one)}\``).join(', ');
  if (items) return `list of ${typeText(items)}`;
  if (properties) {
    const names = Object.keys(properties).map((name) => `\`${name}\`${required.includes(name) ? '' : '?'}`);
    return `object: ${names.join(', ')}`;
  }
  if (typeof additionalProperties === 'object') return `map of ${typeText(additionalProperties)}`;
  return type ?? '';
}

/** Every field of every event on a line of its own, as what is promised of it. */
export function promises(): string[] {
  return eventForms().flatMap(({ type, form }) => promisesOf(type, form));
}

function promisesOf(
  path: string,
  { properties, required = [], items, enum: values, additionalProperties, type, const: value }: Form,
): string[] {
  if (items) return promisesOf(`${path}[]`, items);
  if (properties)
    return Object.entries(properties).flatMap(([name, form]) => {
      const [first = '', ...rest] = promisesOf(`${path}.${name}`, form);
      const always = required.includes(name) ? [`${path}.${name}: always`] : [];
      return [...always, first, ...rest];
    });
  if (values) return values.map((one) => `${path} = ${String(one)}`);
  if (value !== undefined) return [`${path} = ${JSON.stringify(value)}`];
  if (typeof additionalProperties === 'object') return promisesOf(`${path}{}`, additionalProperties);
  return [`${path}: ${type ?? 'any'}`];
}
