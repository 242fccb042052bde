// The dashboard in Debian's chromium, with a simulated cluster: agents without machines, and the real decision.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageAssets } from '../../../agent/cli/kubectl/dashboard/assets.ts';
import { createFeed } from '../../../agent/cli/kubectl/dashboard/feed.ts';
import { servePage } from '../../../agent/cli/kubectl/dashboard/server.ts';
import { INPUT_KEYS } from '../../../agent/names.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { bundle, PLUGIN_ENTRY } from '../../../scripts/build.ts';
import { openBrowser, whyNoBrowser } from '../../../scripts/dashboard/browser.ts';
import { measured } from '../../../scripts/dashboard/measure.ts';
import { simulatedCluster, type SimulatedCluster } from '../../../scripts/dashboard/simulated-cluster.ts';
import { startDashboard, type Dashboard } from '../../../scripts/dashboard/start.ts';
import { fleetOf, viewOf } from '../../cli/kubectl/dashboard/views.ts';
import { node } from '../../cli/kubectl/nodes.ts';

const NO_BROWSER = whyNoBrowser();
const POLICY = {
  allowedUnsafeSysctls: 'net.core.somaxconn',
  maxUnavailable: '4',
  canary: '1',
  soakSeconds: '0',
  profiles: '- name: database\n  nodeSelector: {pool: database}\n  allowedUnsafeSysctls: kernel.sem\n',
};
const NEXT = { ...POLICY, allowedUnsafeSysctls: 'net.core.somaxconn, net.core.wmem_max' };
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe.skipIf(NO_BROWSER !== undefined)(`the dashboard in a browser (${NO_BROWSER ?? 'chromium'})`, () => {
  let browser: Browser;
  let axe: string;
  let folder: string;
  /** The built plugin: it has its page's files inside. */
  let plugin: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
    plugin = join(folder, 'kubectl-sysctls.mjs');
    await writeFile(plugin, await bundle(PLUGIN_ENTRY));
    browser = await openBrowser(silent);
    axe = await readFile(AXE, 'utf8');
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  interface Shown extends AsyncDisposable {
    readonly cluster: SimulatedCluster;
    readonly dashboard: Dashboard;
    readonly page: Page;
    /** What the browser's console reported: a blocked resource, or an exception. */
    readonly complaints: readonly string[];
    readonly requests: readonly string[];
  }

  async function shown(options: Partial<Parameters<typeof simulatedCluster>[0]> = {}): Promise<Shown> {
    const cluster = await simulatedCluster({ nodes: 12, policy: POLICY, changeMs: 300, ...options });
    const dashboard = await startDashboard(cluster.kubeconfig, plugin);
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const [complaints, requests]: [string[], string[]] = [[], []];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(dashboard.url);
    await page.waitForSelector('[role=option]');
    return {
      cluster,
      dashboard,
      page,
      complaints,
      requests,
      async [Symbol.asyncDispose]() {
        await page.close();
        await dashboard[Symbol.asyncDispose]();
        await cluster[Symbol.asyncDispose]();
      },
    };
  }

  it('shows a rollout as it happens, and asks for nothing but its own files', async () => {
    await using view = await shown();
    const { cluster, page } = view;
    expect(await page.locator('#phase').textContent()).toContain('Done');
    expect(await page.locator('[role=option][data-standing=done]').count()).toBe(12);
    expect(await page.locator('[role=group]').count()).toBe(3);

    cluster.play(100);
    cluster.setPolicy(NEXT);
    await page.locator('[role=option][data-standing=changing]').first().waitFor();
    await page.locator('#moments b:text-is("Policy")').waitFor();
    await page.locator('#phase:has-text("Done")').waitFor();
    await page.locator('#progress-text:has-text("12 of 12 nodes done")').waitFor();
    expect(await page.locator('#moments li').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/Canary/u), expect.stringMatching(/nodes done/u)]),
    );
    expect(await page.locator('#chart polygon').count()).toBeGreaterThan(1);
    expect(view.complaints).toEqual([]);
    expect(view.requests.filter((url) => !url.startsWith(view.dashboard.url))).toEqual([]);
  });

  it('names a failed node with its fix, and its retry succeeds from the keyboard alone', async () => {
    let isBroken = true;
    const failureOf = (name: string): string | undefined =>
      isBroken && name === 'node-4' ? 'The kubelet did not start.' : undefined;
    await using view = await shown({ failureOf });
    const { cluster, page } = view;
    cluster.play(100);
    cluster.setPolicy({ ...NEXT, canary: '12', maxUnavailable: '12' });
    await page.locator('#phase:has-text("Halted")').waitFor();
    const problem = page.locator('#attention-list li', { hasText: 'node-4' });
    await expect
      .poll(() => problem.textContent())
      .toMatch(/failed.*The kubelet did not start.*kubectl sysctls retry node-4/u);

    isBroken = false;
    await problem.locator('button').focus();
    await page.keyboard.press('Enter');
    await page.locator('#node-title:focus:has-text("node-4")').waitFor();
    await page.locator('#history:has-text("RolledBack")').waitFor();
    for (const id of ['close-node', 'node-pause', 'node-retry']) {
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').getAttribute('id')).toBe(id);
    }
    await page.keyboard.press('Enter');
    await page.locator('#node-said:has-text("Retry requested")').waitFor();
    await page.locator('#phase:has-text("Done")').waitFor();
    expect(view.complaints).toEqual([]);
  });

  it('pauses and resumes a node from the keyboard: arrows to its tile, Enter, Tab to the button', async () => {
    await using view = await shown();
    const { cluster, page } = view;
    await page.locator('[role=option][data-name=node-1]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    const name = (await page.locator(':focus').getAttribute('data-name')) ?? '';
    expect(name).toMatch(/^node-(?!1$)/u);
    await page.keyboard.press('Enter');
    await page.locator(`#node-title:focus:has-text("${name}")`).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#node-pause:has-text("Resume")').waitFor();
    expect(JSON.stringify(cluster.fleet.object(name))).toContain(`"${INPUT_KEYS.paused}":"true"`);

    await page.keyboard.press('Enter');
    await page.locator('#node-pause:has-text("Pause")').waitFor();
    expect(JSON.stringify(cluster.fleet.object(name))).not.toContain(INPUT_KEYS.paused);
    await page.keyboard.press('Escape');
    expect(await page.locator(':focus').getAttribute('data-name')).toBe(name);
  });

  it('pauses and resumes the rollout', async () => {
    await using view = await shown();
    const { cluster, page } = view;
    await page.getByRole('button', { name: 'Pause rollout' }).click();
    await page.getByRole('button', { name: 'Resume rollout' }).waitFor();
    expect(cluster.fleet.data['paused']).toBe('true');
    expect(await page.locator('#pause-said').textContent()).toMatch(/^Paused: key paused of ConfigMap/u);
    await page.getByRole('button', { name: 'Resume rollout' }).click();
    await page.getByRole('button', { name: 'Pause rollout' }).waitFor();
    expect(cluster.fleet.data['paused']).toBeUndefined();
  });

  it('plans the edit of the policy in force, and says what is wrong with one that is not valid', async () => {
    await using view = await shown();
    const { cluster, page } = view;
    const text = page.getByLabel('The ConfigMap kubelet-sysctls as YAML');
    await expect.poll(() => text.inputValue()).toContain('net.core.somaxconn');
    await text.fill(
      (await text.inputValue()).replace('net.core.somaxconn', 'net.core.somaxconn, kernel.msgmax'),
    );
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.locator('#plan-result:has-text("12 nodes: kubelet restarts with a new list")').waitFor();
    expect(await page.locator('#plan-result .added').first().textContent()).toContain('+ kernel.msgmax');

    await text.fill((await text.inputValue()).replace('kernel.msgmax', 'vm.swappiness'));
    await text.press('Control+Enter');
    await page.locator('#plan-result .line:has-text("vm.swappiness")').first().waitFor();
    expect(await page.locator('#plan-said').textContent()).toContain('Not valid');
    expect(cluster.fleet.data).toEqual(POLICY);
  });

  it('says that the API server is away, and shows what changed meanwhile once it is back', async () => {
    await using view = await shown();
    const { cluster, page } = view;
    await cluster.setAway(true);
    await page.locator('#trouble:has-text("No connection")').waitFor();
    cluster.fleet.annotate('node-2', { [INPUT_KEYS.paused]: 'true' });
    await cluster.setAway(false);
    await page.locator('#trouble').waitFor({ state: 'hidden' });
    const tile = page.locator('[role=option][data-name=node-2]');
    await expect.poll(() => tile.getAttribute('aria-label')).toContain('paused');
  });

  it('says that the plugin does not answer, and connects again once it does', async () => {
    const feed = createFeed({ server: 'https://api:6443', context: 'here', namespace: 'sysctls' });
    const show = (...names: readonly string[]): void => {
      const fleet = fleetOf(names.map((name) => node(name)));
      feed.update({ fleet, view: viewOf(fleet), trouble: '', at: new Date() });
    };
    const served = { assets: await pageAssets(), feed, token: 'token', answers: new Map() };
    show('n1', 'n2');
    const first = await servePage(0, served);
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${first.port}/token/`);
    await page.locator('[role=option][data-name=n2]').waitFor();
    first.close();
    await page.locator('#trouble:has-text("does not answer")').waitFor();

    show('n1', 'n3');
    const second = await servePage(first.port, served);
    await page.locator('[role=option][data-name=n3]').waitFor();
    expect(await page.locator('[role=option]').count()).toBe(2);
    expect(await page.locator('#trouble').isHidden()).toBe(true);
    await page.close();
    second.close();
  });

  it('has nothing that axe-core finds, in light and in dark', async () => {
    await using view = await shown({ nodes: 30, failureOf: fourthFails });
    const { cluster, page } = view;
    cluster.fleet.annotate('node-7', { [INPUT_KEYS.paused]: 'true' });
    cluster.fleet.lose('node-9', new Date(Date.now() - 3_600_000));
    cluster.play(100);
    cluster.setPolicy({ ...NEXT, canary: '20', maxUnavailable: '50' });
    await page.locator('#phase:has-text("Halted")').waitFor();
    await page.locator('[role=option][data-name=node-4]').click();
    await page.locator('#history li').waitFor();
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.locator('#plan-result pre').waitFor();
    cluster.fleet.touch(1);
    await page.locator('[role=option][data-standing=changing]').first().waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations, passes } = await judged(page, axe);
      expect(violations).toEqual([]);
      expect(passes).toEqual(expect.arrayContaining(['color-contrast', 'aria-required-children', 'label']));
    }
  });

  it('leaves the thread of the page free for every frame with 5,000 nodes and 500 updates a second', async () => {
    await using view = await shown({ nodes: 5000 });
    const colour = await view.page.evaluate(
      "getComputedStyle(document.querySelector('[role=option][data-standing=done]')).backgroundColor",
    );
    expect(colour).toMatch(/^rgb\(/u);
    const figures = await measured(view.page, view.cluster, { updatesPerSecond: 500, seconds: 5 });
    expect(figures.tiles).toBe(5000);
    expect(figures.changed).toBeGreaterThan(100);
    // Processor time, however many other programs run: enough is left for every frame.
    expect(figures.busyShare).toBeLessThan(0.4);
    expect(view.complaints).toEqual([]);
  });
});

function fourthFails(name: string): string | undefined {
  return name === 'node-4' ? 'It did not start.' : undefined;
}

interface Judged {
  /** The rules that fail, with their elements. */
  readonly violations: readonly string[];
  /** The rules that hold. */
  readonly passes: readonly string[];
}

async function judged(page: Page, axe: string): Promise<Judged> {
  // The page's own policy forbids scripts of others: these come through the browser's debugger.
  await page.evaluate(axe);
  return page.evaluate(`axe.run(document).then(({ violations, passes }) => ({
    violations: violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html).join(' ')),
    passes: passes.map(({ id }) => id),
  }))`);
}
