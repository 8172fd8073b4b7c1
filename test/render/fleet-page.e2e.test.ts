import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderFleetHtml } from '../../src/render/fleet-html.ts';
import { accessibilityProblems, launch, openFile, withoutChromium } from '../commands/browser.ts';
import { folder } from '../commands/cli.ts';
import { FEW, status } from './fleet-status.ts';

describe.skipIf(withoutChromium !== '')(`the page of a fleet run in a browser${withoutChromium}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const cases = [1280, 360].flatMap((width) => [false, true].map((dark) => ({ width, dark })));
  test.each(cases)('$width wide, dark: $dark: it fits, says how to go on, and needs nothing', async (look) => {
    const file = join(folder(), 'fleet.html');
    const place = { zone: 'UTC', madeAt: Date.UTC(2026, 10, 30, 21) };
    const shown = {
      ...status(FEW),
      stages: [{ name: 'canary', state: 'over', pace: '1 at a time, none may fail' } as const],
    };
    writeFileSync(
      file,
      renderFleetHtml(shown, (run) => `fleet-runs/${run}.html`, place),
    );
    const { page, problems, requests } = await openFile(browser, file, look);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(look.width);
    expect(await page.locator('pre').innerText()).toBe(
      'runbook fleet approve canary --run 20261130-200000-production-df19',
    );
    // On a phone each cell is a line with its column's name before it; a state needs none.
    const marks =
      "[...document.querySelectorAll('tbody td:first-child')].map((one) => getComputedStyle(one, '::before').content).join()";
    expect(await page.evaluate(marks)).toMatch(/^none(,none)+$/);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect({ problems, requests }).toEqual({ problems: [], requests: [] });
  });
});
