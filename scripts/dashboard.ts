// node scripts/dashboard.ts: takes the picture of the dashboard, docs/dashboard.png, and measures how smoothly the page moves.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import type { Log } from './bed/util/progress.ts';
import { bundle, PLUGIN_ENTRY } from './build.ts';
import { openBrowser, whyNoBrowser } from './dashboard/browser.ts';
import { measured } from './dashboard/measure.ts';
import { simulatedCluster } from './dashboard/simulated-cluster.ts';
import { startDashboard } from './dashboard/start.ts';
import { type Command, commandOf, measuring, wholeNumber } from './entry/command.ts';

const DEFAULT_OUT = 'docs/dashboard.png';
const SIZE = { width: 1280, height: 860 };
const POLICY = {
  allowedUnsafeSysctls: 'net.core.somaxconn',
  maxUnavailable: '5%',
  canary: '3',
  soakSeconds: '2',
  failureThreshold: '6',
  profiles: [
    '- name: database',
    '  nodeSelector: {pool: database}',
    '  allowedUnsafeSysctls: [kernel.sem, kernel.shm*]',
    '- name: edge',
    '  nodeSelector: {pool: edge}',
    '  allowedUnsafeSysctls: net.ipv4.tcp_rmem',
  ].join('\n'),
};
const EDIT = { ...POLICY, allowedUnsafeSysctls: 'net.core.somaxconn, net.core.wmem_max' };

const HELP = `Usage: node scripts/dashboard.ts [OPTIONS]

Starts the built kubectl plugin with a simulated cluster (agents without machines, and the coordinator's real decision) and opens
its dashboard in Debian's chromium, which is installed where it is missing (root). Takes a picture in the middle of a rollout.

Options:
  --out FILE      path of the picture (default ${DEFAULT_OUT})
  --measure       takes no picture; prints frames, long tasks, processor time and memory of the page under load
  --nodes N       nodes of the simulated cluster (default 600; with --measure 5000)
  --updates N     with --measure: changes of Nodes a second (default 500)
  -h, --help      show this help

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

interface Options {
  readonly out: string;
  readonly measure: boolean;
  readonly nodes: number;
  readonly updates: number;
}

process.exitCode = await measuring(parseCommand(process.argv.slice(2)), {
  help: HELP,
  leaves: 'The browser',
  run,
});

async function run(options: Options, log: Log): Promise<number> {
  const why = whyNoBrowser();
  if (why !== undefined) throw new Error(why);
  const folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
  const browser = await openBrowser(log);
  try {
    const plugin = join(folder, 'kubectl-sysctls.mjs');
    await writeFile(plugin, await bundle(PLUGIN_ENTRY));
    await (options.measure ? measure : takePicture)(options, plugin, browser, log);
    return 0;
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
}

async function takePicture(
  { out, nodes }: Options,
  plugin: string,
  browser: Browser,
  log: Log,
): Promise<void> {
  await using cluster = await simulatedCluster({ nodes, policy: POLICY, changeMs: 700, failureOf });
  await using dashboard = await startDashboard(cluster.kubeconfig, plugin);
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(dashboard.url);
  await page.waitForSelector('[role=option]');
  cluster.fleet.annotate('node-77', { 'kubelet-sysctl-agent/paused': 'true' });
  cluster.fleet.lose('node-414', new Date(Date.now() - 5_400_000));
  cluster.play(250);
  cluster.setPolicy(EDIT);
  await page.locator('[role=option][data-standing=failed]').waitFor({ timeout: 120_000 });
  while (!(await isHalfWay(page))) await sleep(100);
  await page.screenshot({ path: out });
  log.say(`Taken: ${out}`);
}

function failureOf(name: string): string | undefined {
  return name === 'node-230'
    ? 'The kubelet did not start: unknown flag --network-plugin. The old list is back.'
    : undefined;
}

/** Nodes change, and more than a third is done. */
async function isHalfWay(page: Page): Promise<boolean> {
  const [changing, done, all] = await Promise.all(
    ['[data-standing=changing]', '[data-standing=done]', ''].map((what) =>
      page.locator(`[role=option]${what}`).count(),
    ),
  );
  return (changing ?? 0) > 5 && (done ?? 0) * 3 > (all ?? 0);
}

async function measure(
  { nodes, updates }: Options,
  plugin: string,
  browser: Browser,
  log: Log,
): Promise<void> {
  await using cluster = await simulatedCluster({ nodes, policy: POLICY, changeMs: 700 });
  await using dashboard = await startDashboard(cluster.kubeconfig, plugin);
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(dashboard.url);
  await page.waitForSelector('[role=option]');
  for (const grouping of ['zone', 'state']) {
    await page.selectOption('#grouping', grouping);
    const figures = await measured(page, cluster, { updatesPerSecond: updates, seconds: 10 });
    log.say(`By ${grouping}: ${JSON.stringify(figures)}`);
  }
}

function parseCommand(args: string[]): Command<Options> {
  return commandOf(() => {
    const { values } = parseArgs({
      args,
      options: {
        out: { type: 'string', default: DEFAULT_OUT },
        measure: { type: 'boolean', default: false },
        nodes: { type: 'string' },
        updates: { type: 'string', default: '500' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      out: values.out,
      measure: values.measure,
      nodes: wholeNumber('--nodes', values.nodes ?? (values.measure ? '5000' : '600'), {
        least: 1,
        most: 20_000,
      }),
      updates: wholeNumber('--updates', values.updates, { least: 0, most: 5000 }),
    };
  });
}
