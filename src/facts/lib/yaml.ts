import { type Document, parseAllDocuments, parseDocument } from 'yaml';
import { messageOf } from '../../failure.ts';
import { unreadable } from '../../yaml-limits.ts';

/** The value of a YAML (or JSON) text; undefined where it is none. */
export function yamlOf(text: string): unknown {
  try {
    return readYamlText(text);
  } catch {
    return undefined;
  }
}

/** The value of a YAML (or JSON) text. @throws Error for what is none, and for what is too large or too deep to read */
export function readYamlText(text: string): unknown {
  const limit = unreadable(text);
  if (limit) throw new Error(limit.summary);
  return valueOf(parseDocument(text));
}

/** Each document of a YAML text: its value, or why it has none. */
export function readYamlTexts(text: string): readonly ({ readonly value: unknown } | { readonly error: string })[] {
  const limit = unreadable(text);
  if (limit) return [{ error: limit.summary }];
  return parseAllDocuments(text).map((document) => {
    try {
      return { value: valueOf(document) };
    } catch (error) {
      return { error: messageOf(error).replace(/:?\n[^]*$/, '') };
    }
  });
}

function valueOf(document: Document): unknown {
  const [first] = document.errors;
  if (first) throw first;
  return document.toJS();
}
