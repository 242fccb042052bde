// A real Prometheus with the shipped alerts and the dashboard's queries, and the commands of the runbooks.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  prometheusPrograms,
  type Prometheus,
  whyNoPrometheus,
} from '../../../scripts/bed/build/prometheus.ts';
import { type Outcome, run } from '../../../scripts/bed/build/run.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import { workFolder } from '../../../scripts/bed/util/work-folder.ts';
import { AGENT_NAMESPACE, AGENT_PODS } from '../../../scripts/kubernetes/names.ts';
import { ROWS } from '../../../scripts/monitoring/panels.ts';
import { ruleFile, yamlOf } from '../../../scripts/monitoring/rules.ts';
import { refuse, refuseNothing, useFaultyKubelet } from '../../../scripts/node/faulty-kubelet.ts';
import { policyNow, setKeys } from '../../../scripts/node/policy.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';
import { leaseHolder, readyCoordinators } from '../support/cluster/coordinators.ts';
import { type Fleet, fleetOf } from '../support/cluster/fleet.ts';
import { coordinatorPods, monitored, scrapesFor } from '../support/monitoring/monitored.ts';
import { type RunningPrometheus, startPrometheus } from '../support/monitoring/prometheus.ts';
import { runbookCommands, shellFor } from '../support/monitoring/runbooks.ts';

const WHY_NOT = whyNoPrometheus();
/** The unit of the last starts a kubelet that the agent cannot change, so a start-up taint stays there. */
const [WELL, FAILS, TAINTED] = ['n1', 'n2', 'n5'] as const;
const FIRST = ['net.core.somaxconn'];
const REFUSED = [...FIRST, 'net.core.wmem_max'];
const FIXED = [...FIRST, 'net.ipv4.tcp_max_syn_backlog'];
const PACE = { soakSeconds: '0' };
const ALERT_MS = 30_000;

/** The shipped rules with times that a test can wait for. */
function quickRules(): string {
  const groups = ruleFile().groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({ ...rule, for: '2s', keep_firing_for: '1s' })),
  }));
  return yamlOf({ groups });
}

/** What a replica answers. */
function expectedOf(leads: boolean): object {
  const type = 'text/plain; version=0.0.4; charset=utf-8';
  return { leads, type, saysLeader: leads, hasFleet: leads, faults: '' };
}

describe.skipIf(WHY_NOT !== undefined)(`monitoring (${WHY_NOT ?? 'Prometheus'})`, () => {
  const stack = new AsyncDisposableStack();
  let fleet: Fleet;
  let failing: TestNode;
  let programs: Prometheus;
  let prometheus: RunningPrometheus;
  let shell: (command: string) => Promise<Outcome>;

  beforeAll(async () => {
    programs = await prometheusPrograms(consoleLog());
    fleet = stack.use(await fleetOf([WELL, FAILS]));
    const { world } = fleet;
    failing = testNode(world, FAILS);
    await useFaultyKubelet(failing);
    await refuse(failing, { names: REFUSED });
    stack.defer(() => refuseNothing(failing));
    stack.use(await monitored(world, inject('e2eAgentImage')));
    await readyCoordinators(world);
    const scrapes = await scrapesFor(await coordinatorPods(world));
    prometheus = stack.use(await startPrometheus(programs.prometheus, { rules: quickRules(), scrapes }));
    const folder = stack.use(await workFolder());
    shell = await shellFor(world.bed, folder.path);
  });
  afterAll(() => stack.disposeAsync());

  /** Resolves with whether the alert fires, as soon as that is what is wanted, or after 30 s. */
  async function firing(alertname: string, node: string | undefined, wanted: boolean): Promise<boolean> {
    const fires = async (): Promise<boolean> =>
      (await prometheus.firing()).some((alert) => alert.alertname === alertname && alert.node === node);
    await until(async () => (await fires()) === wanted, { timeoutMs: ALERT_MS, everyMs: 200 });
    return fires();
  }

  it('both replicas answer in the format of Prometheus, and the leader alone has the series of the fleet', async () => {
    const holder = await leaseHolder(fleet.world);
    const answers = await Promise.all(
      (await coordinatorPods(fleet.world)).map(async ({ pod, address }) => {
        const response = await fetch(`http://${address}/metrics`);
        const text = await response.text();
        const check = await run([programs.promtool, 'check', 'metrics'], { input: text, reject: false });
        return {
          leads: holder.startsWith(`${pod}_`),
          type: response.headers.get('content-type'),
          saysLeader: text.includes('\nkubelet_sysctls_coordinator_leader 1\n'),
          hasFleet: text.includes('\nkubelet_sysctls_nodes{'),
          faults: `${check.stdout}${check.stderr}`,
        };
      }),
    );
    expect(answers.toSorted((one, other) => Number(one.leads) - Number(other.leads))).toEqual([
      expectedOf(false),
      expectedOf(true),
    ]);
    expect(
      await until(async () => (await prometheus.targetsUp()) === 2, { timeoutMs: ALERT_MS, everyMs: 200 }),
    ).toBe(true);
  });

  it('the alerts of a halted rollout and of a Degraded node fire, with nothing else that is critical', async () => {
    const from = await fleet.setList(FIRST, PACE);
    await fleet.awaitDone(FIRST, from);
    const edited = await fleet.setList(REFUSED, PACE);
    await fleet.awaitPhase('Halted', edited);
    expect(await firing('KubeletSysctlsRolloutHalted', undefined, true)).toBe(true);
    expect(await firing('KubeletSysctlsNodeDegraded', FAILS, true)).toBe(true);
    const names = (await prometheus.firing()).map(({ alertname }) => alertname);
    expect(names).not.toContain('KubeletSysctlsRollbackIncomplete');
    expect(names).not.toContain('KubeletSysctlsCoordinatorAbsent');
  });

  it('every command of every runbook runs on a cluster with a halted rollout', async () => {
    const { bed } = fleet.world;
    const ofNode = ['-l', AGENT_PODS, '--field-selector', `spec.nodeName=${FAILS}`, '-o', 'name'];
    const agent = (await bed.kubectl(['-n', AGENT_NAMESPACE, 'get', 'pods', ...ofNode])).stdout;
    await bed.kubectl(['taint', 'node', TAINTED, 'kubelet-sysctl-agent/pending=:NoSchedule', '--overwrite']);
    expect(await firing('KubeletSysctlsStartupTaintStuck', TAINTED, true)).toBe(true);

    const failed: string[] = [];
    for (const { page, command, onNode } of await runbookCommands()) {
      const node = command.includes(' taint ') ? TAINTED : FAILS;
      const line = command.replace('NODE', node).replace('POD', agent);
      const { exitCode, stdout, stderr } = onNode
        ? await bed.node(WELL).exec(line.split(' '), { reject: false })
        : await shell(line);
      if (exitCode !== 0) failed.push(`${page}: ${line}: ${exitCode} ${stdout} ${stderr}`);
    }
    expect(failed).toEqual([]);
    expect(await firing('KubeletSysctlsStartupTaintStuck', TAINTED, false)).toBe(false);
  });

  it('the alert of an invalid policy fires, and every alert is resolved when its cause is gone', async () => {
    // The API server refuses what it can judge; profiles it cannot.
    const { profiles } = (await policyNow(fleet.world)) ?? {};
    await setKeys(fleet.world, { profiles: '[' });
    expect(await firing('KubeletSysctlsPolicyInvalid', undefined, true)).toBe(true);
    await setKeys(fleet.world, { profiles });
    expect(await firing('KubeletSysctlsPolicyInvalid', undefined, false)).toBe(false);

    // The next edit ends the halt, the failed node first.
    const edited = await fleet.setList(FIXED, PACE);
    await fleet.awaitDone(FIXED, edited);
    expect(await firing('KubeletSysctlsNodeDegraded', FAILS, false)).toBe(false);
    expect(await firing('KubeletSysctlsRolloutHalted', undefined, false)).toBe(false);
  });

  it('every query of the dashboard is answered with numbers', async () => {
    const queries = ROWS.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries: each }) => each.map(({ expr }) => ({ title, expr }))),
    );
    const counts = await Promise.all(
      queries.map(async ({ title, expr }) => ({ title, expr, series: await prometheus.seriesOf(expr) })),
    );
    expect(counts.filter(({ series }) => series === 0)).toEqual([]);
    expect(counts.length).toBeGreaterThan(15);
  });
});
