import { createHash } from 'node:crypto';
import { Markup, markup } from './markup.ts';
import { STYLE } from './style.ts';

/** That a page is shown by `runbook serve`, which it follows. */
export interface Live {
  /** The address, relative to that of the page, of the events that name its newest version. */
  readonly events: string;
  /** Of what the page shows. */
  readonly version: string;
  /** The address of the list of runs; undefined: it is that page. */
  readonly list?: string;
}

/** What a page may: run its own script, where it has one, and style; a live one may ask its own server too. */
export function pagePolicy(script: string | undefined, isLive: boolean): string {
  const connect = isLive ? " connect-src 'self';" : '';
  const run = script === undefined ? '' : ` script-src ${hashOf(script)};`;
  return `default-src 'none';${run} style-src ${hashOf(STYLE)};${connect} img-src data:; base-uri 'none'; form-action 'none'`;
}

/** A whole page around its body. */
export function pageOf(title: string, body: Markup, script: string | undefined, live: Live | undefined): string {
  const own =
    script === undefined
      ? undefined
      : markup`<script>${new Markup(script)}</script>
`;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy(script, live !== undefined)}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${body}
${own}</body>
</html>
`;
  return page.text;
}

/**
 * Where a live page says whether it still is, once its script knows.
 * @param news what is read aloud to those who hear the page, whenever it is another text
 */
export function liveBar(live: Live | undefined, news: string): Markup | undefined {
  if (!live) return undefined;
  const list = live.list === undefined ? undefined : markup`<a href="${live.list}">All runs</a>`;
  return markup`<nav class="live" id="live" aria-label="Live page" data-events="${live.events}" data-version="${live.version}" data-news="${news}"><span id="link" role="status"></span><span id="news" class="sr" aria-live="polite"></span>${list}</nav>`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
