// kubectl sysctls dashboard from source, in a real browser, with real nodes.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { openBrowser, whyNoBrowser } from '../../../scripts/dashboard/browser.ts';
import { startDashboard, type Dashboard } from '../../../scripts/dashboard/start.ts';
import { testNode } from '../../../scripts/node/test-node.ts';
import { type Fleet, fleetOf } from '../support/cluster/fleet.ts';

const [ONE, TWO] = ['n1', 'n2'] as const;
const FIRST = ['net.core.somaxconn'];
const SECOND = ['net.core.somaxconn', 'net.core.wmem_max'];
const NO_BROWSER = whyNoBrowser();

describe.skipIf(NO_BROWSER !== undefined)(`kubectl sysctls dashboard (${NO_BROWSER ?? 'chromium'})`, () => {
  let fleet: Fleet;
  let browser: Browser;
  let dashboard: Dashboard;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser(silent);
    fleet = await fleetOf([ONE, TWO]);
    await fleet.setList(FIRST, { soakSeconds: '0' });
    await fleet.awaitDone(FIRST, 0);
    dashboard = await startDashboard(fleet.world.bed.kubeconfig);
    page = await browser.newPage();
    await page.goto(dashboard.url);
  });
  afterAll(async () => {
    await browser.close();
    await dashboard[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
  });

  it('shows the nodes, the plan of an edit, and its rollout around a node that was paused from the keyboard', async () => {
    const tile = (name: string, what = ''): ReturnType<Page['locator']> =>
      page.locator(`[role=option][data-name=${name}]${what}`);
    await tile(ONE, '[data-standing=done]').waitFor();
    await tile(TWO).focus();
    await page.keyboard.press('Enter');
    await page.locator('#node-title:focus').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await tile(TWO, '[data-paused]').waitFor();

    const text = page.getByLabel('The ConfigMap kubelet-sysctls as YAML');
    await expect.poll(() => text.inputValue()).toContain(FIRST[0]);
    const edited = (await text.inputValue()).replace(
      /^( *- )net\.core\.somaxconn$/mu,
      '$&\n$1net.core.wmem_max',
    );
    await text.fill(edited);
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.locator('#plan-result .added:has-text("net.core.wmem_max")').first().waitFor();

    await fleet.setList(SECOND, { soakSeconds: '0' });
    await testNode(fleet.world, ONE).awaitDone(SECOND);
    await page.locator('#moments b:text-is("Policy")').first().waitFor();
    await page.locator('#moments li', { hasText: ONE }).first().waitFor();
    await tile(TWO, '[data-standing=held]').waitFor();

    await page.locator('#node-pause:has-text("Resume")').focus();
    await page.keyboard.press('Enter');
    await testNode(fleet.world, TWO).awaitDone(SECOND);
    await tile(TWO, '[data-standing=done]').waitFor();
  });
});
