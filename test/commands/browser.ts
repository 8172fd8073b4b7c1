import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { NEVER } from '../eventually.ts';

/** Where Debian's chromium is; undefined: it is not installed. */
export const CHROMIUM = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim() || undefined;

/** For the name of a test that is skipped without it. */
export const withoutChromium = CHROMIUM === undefined ? ': chromium is not installed' : '';

export function launch(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('chromium is not installed');
  // The tests run as root, where its sandbox does not work.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

interface Look {
  readonly width?: number;
  readonly dark?: boolean;
}

interface Listened {
  readonly page: Page;
  /** What the page said on its console, and errors of its scripts. */
  readonly problems: readonly string[];
}

/** An empty page that is listened to. */
export async function newPage(browser: Browser, { width = 1280, dark = false }: Look = {}): Promise<Listened> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(NEVER);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  return { page, problems };
}

export interface Opened extends Listened {
  /** Addresses that it asked for besides its own; none was answered. */
  readonly requests: readonly string[];
}

/** Opens a file. Whatever it asks for is counted and refused. */
export async function openFile(browser: Browser, file: string, look?: Look): Promise<Opened> {
  const { page, problems } = await newPage(browser, look);
  const requests: string[] = [];
  const own = pathToFileURL(file).href;
  await page.route('**/*', async (route) => {
    if (route.request().url() === own) return route.continue();
    requests.push(route.request().url());
    return route.abort();
  });
  await page.goto(own);
  if ((await page.locator('script').count()) > 0) await page.waitForSelector('html[data-ready]');
  return { page, problems, requests };
}

const violations = z.array(
  z.looseObject({ id: z.string(), impact: z.string().nullish(), nodes: z.array(z.looseObject({ html: z.string() })) }),
);

/** What axe-core finds, each with the first element. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const found = violations.parse(await page.evaluate('axe.run().then(({ violations }) => violations)'));
  return found.map(({ id, impact, nodes }) => `${impact ?? ''} ${id}: ${nodes[0]?.html ?? ''}`);
}

/** How much a Tab can come to, and what of it Tab did not come to from the top of the page on. */
export async function tabbing(page: Page): Promise<{ readonly all: number; readonly unreached: readonly string[] }> {
  const all = z.number().parse(
    await page.evaluate(`{
      const all = [...document.querySelectorAll('a[href], summary, input, button, [tabindex="0"]')];
      window.unreached = new Set(all.filter((one) => one.checkVisibility()));
      const { size } = window.unreached;
      all[0].focus();
      window.unreached.delete(document.activeElement);
      size;
    }`),
  );
  for (let presses = 0; presses < all + 5; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('unreached.delete(document.activeElement), unreached.size')) === 0) break;
  }
  return {
    all,
    unreached: z
      .array(z.string())
      .parse(await page.evaluate('[...unreached].map((one) => one.outerHTML.slice(0, 200))')),
  };
}
