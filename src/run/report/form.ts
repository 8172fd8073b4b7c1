import { extname } from 'node:path';
import type { RunReport } from '../../render/report-data.ts';
import { renderHtml } from '../../render/report-html.ts';
import { renderJunit } from '../../render/report-junit.ts';
import { renderMarkdown } from '../../render/report-markdown.ts';
import { pageScript } from './page-script.ts';

export const REPORT_FORMS = ['html', 'md', 'json', 'junit'] as const;
export type ReportForm = (typeof REPORT_FORMS)[number];

const BY_EXTENSION: Readonly<Record<string, ReportForm>> = { '.md': 'md', '.json': 'json', '.xml': 'junit' };

/** By the name of the file; else a page. */
export function reportFormOf(file = ''): ReportForm {
  return BY_EXTENSION[extname(file).toLowerCase()] ?? 'html';
}

/** The text of a report. */
export async function renderedReport(report: RunReport, form: ReportForm): Promise<string> {
  switch (form) {
    case 'html':
      return renderHtml(report, await pageScript());
    case 'md':
      return renderMarkdown(report);
    case 'json':
      return `${JSON.stringify(report)}\n`;
    case 'junit':
      return renderJunit(report);
  }
}
