// The page in Debian's chromium, with Nodes and answers that the test chooses: what a page does that stays open for days.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageAssets, type Assets } from '../../../agent/cli/kubectl/dashboard/assets.ts';
import { createFeed } from '../../../agent/cli/kubectl/dashboard/feed.ts';
import { servePage, type Answer } from '../../../agent/cli/kubectl/dashboard/server.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { openBrowser, whyNoBrowser } from '../../../scripts/dashboard/browser.ts';
import { fleetOf, viewOf } from '../../cli/kubectl/dashboard/views.ts';
import { node } from '../../cli/kubectl/nodes.ts';

const NO_BROWSER = whyNoBrowser();
const PLACE = { server: 'https://api:6443', context: 'here', namespace: 'sysctls' };
/** Other programs may keep the processor. */
const WAIT = { timeout: 10_000 };
const FAILED = { state: 'Degraded', failed: true, reason: 'The kubelet did not start.' } as const;

describe.skipIf(NO_BROWSER !== undefined)(`the page (${NO_BROWSER ?? 'chromium'})`, () => {
  let browser: Browser;
  let assets: Assets;

  beforeAll(async () => {
    browser = await openBrowser(silent);
    assets = await pageAssets();
  });
  afterAll(() => browser.close());

  interface Opened extends AsyncDisposable {
    readonly page: Page;
    /** Sends these Nodes, which are all there are. */
    readonly show: (...nodes: readonly object[]) => void;
  }

  async function opened(
    nodes: readonly object[],
    answers: Readonly<Record<string, Answer>> = {},
    prepare: (page: Page) => Promise<void> = async () => undefined,
  ): Promise<Opened> {
    const feed = createFeed(PLACE);
    const show = (...all: readonly object[]): void => {
      const fleet = fleetOf(all);
      feed.update({ fleet, view: viewOf(fleet), trouble: '', at: new Date() });
    };
    show(...nodes);
    const all = new Map(Object.entries({ ...ANSWERS, ...answers }));
    const server = await servePage(0, { assets, feed, token: 'token', answers: all });
    const page = await browser.newPage({ viewport: { width: 1200, height: 600 } });
    await prepare(page);
    await page.goto(`http://127.0.0.1:${server.port}/token/`);
    await tile(page, 'n1').waitFor();
    return {
      page,
      show,
      async [Symbol.asyncDispose]() {
        await page.close();
        server.close();
      },
    };
  }

  it('leaves the focus on a button that is of no use any more, so that Escape still closes the node', async () => {
    await using view = await opened([node('n1', FAILED), node('n2')]);
    const { page, show } = view;
    await tile(page, 'n1').focus();
    await page.keyboard.press('Enter');
    await page.locator('#node-retry').focus();
    show(node('n1'), node('n2'));
    await page.locator('#node-standing:has-text("done")').waitFor();
    // A browser takes the focus away between two frames.
    await frames(page, 3);
    expect(await focused(page)).toBe('node-retry');
    await page.keyboard.press('Enter');
    expect(await page.locator('#node-said').textContent()).toBe('');
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('n1');
  });

  it('leaves the focus on the button that plans, and shows the plan of the last edit alone', async () => {
    const first = Promise.withResolvers<void>();
    await using view = await opened([node('n1')], {
      'POST /plan': async ({ body }) => {
        const text = JSON.stringify(body);
        if (text.includes('slow')) await first.promise;
        return { status: 200, body: { valid: true, text } };
      },
    });
    const { page } = view;
    await page.locator('#policy').fill('slow');
    await page.locator('#plan-run').focus();
    await page.keyboard.press('Enter');
    await frames(page, 3);
    expect(await focused(page)).toBe('plan-run');

    await page.locator('#policy').fill('fast');
    await page.locator('#policy').press('Control+Enter');
    await page.locator('#plan-result:has-text("fast")').waitFor();
    const late = page.waitForResponse(async (response) => (await response.text()).includes('slow'));
    first.resolve();
    await late;
    await frames(page, 3);
    expect(await page.locator('#plan-result').textContent()).toContain('fast');
  });

  it('shows nothing of the node before while the details of the next are not there', async () => {
    await using view = await opened([node('n1'), node('n2')], {
      'GET /node': async ({ query }) =>
        query.get('name') === 'n1'
          ? details('n1', 'reason of n1')
          : { status: 502, body: { text: 'No connection.' } },
    });
    const { page } = view;
    await tile(page, 'n1').click();
    await page.locator('#node-facts:has-text("reason of n1")').waitFor();
    await tile(page, 'n2').click();
    await page.locator('#node-said:has-text("No connection.")').waitFor();
    expect(await page.locator('#node').textContent()).not.toContain('reason of n1');
    expect(await page.locator('#history li').count()).toBe(0);
  });

  it('shows a new reason of the selected node whose state stays the same', async () => {
    let reason = 'the first reason';
    await using view = await opened(
      [node('n1')],
      { 'GET /node': async () => details('n1', reason) },
      (page) => page.clock.install(),
    );
    const { page } = view;
    await tile(page, 'n1').click();
    await page.locator('#node-facts:has-text("the first reason")').waitFor();
    reason = 'the second reason';
    await page.clock.fastForward(10_000);
    const facts = page.locator('#node-facts');
    await expect.poll(() => facts.textContent(), WAIT).toContain('the second reason');
  });

  it('says that a plugin does not answer whose stream is open and silent, and connects again', async () => {
    await using view = await opened([node('n1')], {}, (page) => page.clock.install());
    const { page } = view;
    await page.clock.fastForward(20_000);
    await page.locator('#trouble:has-text("does not answer")').waitFor();
    await page.clock.fastForward(2000);
    await expect.poll(() => page.locator('#trouble').isHidden(), WAIT).toBe(true);
  });

  it('no longer says that the selected node is gone once it is back', async () => {
    await using view = await opened([node('n1'), node('n2')]);
    const { page, show } = view;
    await tile(page, 'n2').click();
    show(node('n1'));
    await page.locator('#node-said:has-text("gone from the cluster")').waitFor();
    show(node('n1'), node('n2'));
    await expect.poll(() => page.locator('#node-said').textContent(), WAIT).toBe('');
    expect(await page.locator('#node-pause').getAttribute('aria-disabled')).toBe('false');
  });

  it('moves the focus of a tile that goes to the one beside it', async () => {
    await using view = await opened([node('n1'), node('n2'), node('n3')]);
    const { page, show } = view;
    await tile(page, 'n2').focus();
    show(node('n1'), node('n3'));
    await tile(page, 'n2').waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('n3');
    await page.keyboard.press('Enter');
    show(node('n1'));
    await page.locator('#node-said:has-text("gone from the cluster")').waitFor();
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('n1');
  });

  it('leaves the focus in the list of what needs attention when an entry goes', async () => {
    const other = { ...FAILED, reason: 'The file is not there.' };
    await using view = await opened([node('n1', FAILED), node('n2', other), node('n3')]);
    const { page, show } = view;
    const buttons = page.locator('#attention-list button');
    await buttons.last().focus();
    const [first = '', second = ''] = await buttons.allTextContents();
    expect(await focused(page)).toBe(second);
    show(node(second), node(first, FAILED), node('n3'));
    await expect.poll(() => buttons.count(), WAIT).toBe(1);
    expect(await focused(page)).toBe(first);
    show(node('n1'), node('n2'), node('n3'));
    await expect.poll(() => buttons.count(), WAIT).toBe(0);
    expect(await focused(page)).toBe('attention-title');
  });

  it('does not scroll back to the tile with the focus when it moves to another group', async () => {
    const many = Array.from({ length: 20 }, (_, at) => node(`n${at + 2}`));
    await using view = await opened([node('n1'), ...many]);
    const { page, show } = view;
    await page.setViewportSize({ width: 1200, height: 200 });
    await page.selectOption('#grouping', 'state');
    await tile(page, 'n1').focus();
    const bottom = await page.evaluate<number>('scrollTo(0, document.body.scrollHeight), scrollY');
    expect(bottom).toBeGreaterThan(100);
    const before = await tile(page, 'n1').boundingBox();
    expect(before?.y).toBeLessThan(-20);
    show(node('n1', FAILED), ...many);
    await tile(page, 'n1').and(page.locator('[data-standing=failed]')).waitFor();
    await frames(page, 3);
    expect(await focused(page)).toBe('n1');
    expect((await tile(page, 'n1').boundingBox())?.y).toBeLessThan(0);
  });

  it('colours a tile at once, and moves tiles between groups every two seconds at most', async () => {
    await using view = await opened([node('n1'), node('n2')], {}, (page) => page.clock.install());
    const { page, show } = view;
    const failed = page.locator('[role=group]').filter({ has: page.locator('[data-standing=failed]') });
    await page.selectOption('#grouping', 'state');
    show(node('n1', FAILED), node('n2'), node('n3'));
    await expect.poll(() => failed.locator('[role=option]').count(), WAIT).toBe(1);
    const title = await failed.getAttribute('aria-label');
    const group = page.locator(`[role=group][aria-label="${title}"] [role=option]`);
    await page.clock.pauseAt(Date.now() + 100);
    show(node('n1', FAILED), node('n2', FAILED), node('n3'), node('n4', FAILED));
    await expect
      .poll(async () => {
        await page.clock.runFor(17);
        return tile(page, 'n2').getAttribute('data-standing');
      }, WAIT)
      .toBe('failed');
    expect(await group.count()).toBe(2);
    await page.clock.runFor(2000);
    expect(await group.count()).toBe(3);
  });

  it('leaves keys with Alt to the browser, such as the one that goes back', async () => {
    await using view = await opened([node('n1'), node('n2')]);
    const { page } = view;
    await tile(page, 'n2').focus();
    await page.keyboard.press('Alt+ArrowLeft');
    expect(await focused(page)).toBe('n2');
    await page.keyboard.press('ArrowLeft');
    expect(await focused(page)).toBe('n1');
  });

  it('adds the day to the times of the timeline that are not of today', async () => {
    await using view = await opened([node('n1')], {}, (page) => page.clock.install());
    const { page, show } = view;
    const time = page.locator('#moments time').first();
    expect(await time.textContent()).toMatch(/^\d\d:\d\d:\d\d$/u);
    await page.clock.setSystemTime(Date.now() + 86_400_000);
    show(node('n1'));
    await expect.poll(() => time.textContent(), WAIT).toMatch(/^\d\d? [A-Z]\w+ \d\d:\d\d:\d\d$/u);
  });
});

const ANSWERS: Readonly<Record<string, Answer>> = {
  'GET /policy': async () => ({ status: 200, body: { text: '' } }),
  'GET /node': async ({ query }) => details(query.get('name') ?? '', ''),
  'POST /act': async () => ({ status: 200, body: { text: 'Done.' } }),
};

function details(name: string, reason: string): Awaited<ReturnType<Answer>> {
  const entry = { at: '2026-06-01T12:00:00Z', result: 'Done', change: '+ kernel.sem', why: reason };
  return { status: 200, body: { name, facts: [['Reason', reason]], history: [entry] } };
}

function tile(page: Page, name: string): ReturnType<Page['locator']> {
  return page.locator(`[role=option][data-name="${name}"]`);
}

/** Returns the id of the element with the focus, or the name of its node; empty: the focus is lost. */
function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement.id || document.activeElement.dataset.name || ''");
}

/** Waits until the page has drawn so many frames. */
async function frames(page: Page, count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => resolve(undefined)))');
  }
}
