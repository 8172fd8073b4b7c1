import { source, stanzas } from '../lib/sources.ts';
import type { LegacySource, PackageSource, SourceLine } from '../manager.ts';

export function sourcesOf(file: string, lines: readonly SourceLine[]): (PackageSource | LegacySource)[] {
  return file.endsWith('.sources') ? deb822Sources(file, lines) : listSources(file, lines);
}

/** sources.list(5), one line each; a commented one is disabled. */
function listSources(file: string, lines: readonly SourceLine[]) {
  return lines.flatMap(({ number, text }) => {
    const entry = /^\s*(#[#\s]*)?deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s*(\S*)/.exec(text);
    if (!entry) return [];
    const [, comment, options = '', url = '', suite = ''] = entry;
    // Several keyrings are separated by commas: the first one is kept up to date.
    const signedBy = /(?:^|\s)signed-by=([^\s,]+)/i.exec(options)?.[1];
    const where = { file, line: number, format: 'list', enabled: comment === undefined } as const;
    return source(where, url, suite, signedBy === undefined ? {} : { signedBy });
  });
}

/** Stanzas of `Field: value`, continued by indented lines, separated by empty ones; `#` starts a comment line. */
function deb822Sources(file: string, lines: readonly SourceLine[]) {
  return stanzas(lines, (line) => line.text.trim() === '').flatMap((stanza) => {
    const fields = new Map<string, { readonly number: number; readonly words: string[] }[]>();
    let field = '';
    for (const { number, text } of stanza) {
      if (/^\s*#/.test(text)) continue;
      const start = /^([A-Za-z-]+):(.*)$/.exec(text);
      field = start?.[1]?.toLowerCase() ?? field;
      const words = (start?.[2] ?? text).split(/\s+/).filter((word) => word !== '');
      fields.set(field, [...(fields.get(field) ?? []), { number, words }]);
    }
    const words = (name: string) => (fields.get(name) ?? []).flatMap((value) => value.words);
    const enabled = !/^(no|false|without|off|disable|0)$/i.test(words('enabled')[0] ?? 'yes');
    const [signedBy] = words('signed-by');
    const key = signedBy?.startsWith('/')
      ? { signedBy }
      : signedBy === '-----BEGIN'
        ? { inlineKey: true as const }
        : {};
    return (fields.get('uris') ?? []).flatMap(({ number, words: urls }) =>
      urls.flatMap((url) =>
        source({ file, line: number, format: 'deb822', enabled }, url, words('suites')[0] ?? '', key),
      ),
    );
  });
}
