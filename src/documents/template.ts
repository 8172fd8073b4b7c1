/** A string with `${{ }}` in it, taken apart. Offsets are those of the string. */
export interface TemplateText {
  readonly parts: readonly TemplatePart[];
  /** The offset of a `${{` that is never closed. */
  readonly open?: number;
}
export type TemplatePart =
  { readonly kind: 'text'; readonly text: string } | ({ readonly kind: 'expression' } & ExpressionText);

export interface ExpressionText {
  readonly text: string;
  /** Where the text of the expression begins. */
  readonly offset: number;
}

/** Splits text and expressions; `}}` inside a CEL string or map does not end an expression. */
export function parseTemplate(value: string): TemplateText {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (;;) {
    const start = value.indexOf('${{', at);
    const text = value.slice(at, start === -1 ? undefined : start);
    if (text !== '') parts.push({ kind: 'text', text });
    if (start === -1) return { parts };
    const end = expressionEnd(value, start + 3);
    if (end === undefined) return { parts, open: start };
    parts.push({ kind: 'expression', ...trimmed(value, start + 3, end) });
    at = end + 2;
  }
}

/** The one expression that makes up the whole string, if that is so. */
export function wholeExpression(template: TemplateText): ExpressionText | undefined {
  const [only, ...more] = template.parts;
  return only?.kind === 'expression' && more.length === 0 && template.open === undefined ? only : undefined;
}

export function isTemplate(value: string): boolean {
  return value.includes('${{');
}

function trimmed(value: string, start: number, end: number): ExpressionText {
  const raw = value.slice(start, end);
  const text = raw.trim();
  return { text, offset: text === '' ? start : start + raw.indexOf(text) };
}

const CEL_STRING = /(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/y;

function expressionEnd(value: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < value.length; at++) {
    const char = value[at];
    if (char === '"' || char === "'") {
      CEL_STRING.lastIndex = at;
      const length = CEL_STRING.exec(value)?.[0].length;
      if (length !== undefined) at += length - 1;
    } else if (char === '{') depth++;
    else if (char === '}' && depth > 0) depth--;
    else if (char === '}' && value[at + 1] === '}') return at;
  }
  return undefined;
}
