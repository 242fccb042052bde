// The manifests keep the user's edit, and give the agent no more rights than it needs.

import { expect, inject, it } from 'vitest';
import { applyManifests } from '../../../scripts/install/install.ts';
import { AGENT_NAMESPACE } from '../../../scripts/kubernetes/names.ts';
import { agentPodOn } from '../../../scripts/node/agent-pod.ts';
import { freshNode, freshNodes } from '../support/node/fresh.ts';
import { policyNow, setKeys } from '../../../scripts/node/policy.ts';

const NAME = 'net.core.somaxconn';

it("applying the manifests again leaves the user's edit, the agents and the kubelets as they are", async () => {
  const nodes = await freshNodes(['n1', 'n2']);
  const [first] = nodes;
  if (first === undefined) throw new Error('Expected two nodes.');
  const { world } = first;
  await setKeys(world, { allowedUnsafeSysctls: `${NAME} # mine\n`, unmanaged: 'Keep' });
  await Promise.all(nodes.map((node) => node.awaitDone([NAME])));
  const observe = async () => ({
    // The manifests may update their own documentation.
    policy: { ...(await policyNow(world)), _example: '…' },
    // Not whether it is Ready: a kubelet that has just restarted says no for a moment.
    agents: await Promise.all(
      nodes.map(async ({ name }) => {
        const pod = await agentPodOn(world, name);
        return [pod?.uid, pod?.restarts];
      }),
    ),
    kubelets: await Promise.all(nodes.map((node) => node.kubelet())),
  });
  const before = await observe();

  const applied = await applyManifests({
    kubectl: (args, options) => world.bed.kubectl(args, options),
    agentImage: inject('e2eAgentImage'),
  });

  expect(applied).toContain('daemonset.apps/kubelet-sysctl-agent unchanged');
  expect(before.policy).toMatchObject({ allowedUnsafeSysctls: `${NAME} # mine\n`, unmanaged: 'Keep' });
  expect(await observe()).toEqual(before);
});

/** Runs in the agent's container; prints as JSON what the container can do to the host. */
const PROBE = `
const fs = require('node:fs');
const pid = process.argv[1];
const folder = '/proc/1/root/etc/default';
const [draft, file] = [folder + '/.e2e-probe.tmp', folder + '/e2e-probe'];
const tried = (work) => { try { return work(); } catch (error) { return error.code; } };
const events = [];
const watcher = fs.watch(folder, (event, name) => { if (name === 'e2e-probe') events.push(event); });
fs.writeFileSync(draft, 'probe');
fs.renameSync(draft, file);
const status = fs.readFileSync('/proc/self/status', 'utf8');
const line = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(status)[1];
setTimeout(() => {
  watcher.close();
  const written = fs.readFileSync(file, 'utf8');
  fs.rmSync(file);
  console.log(JSON.stringify({
    capabilities: [line('CapEff'), line('CapPrm'), line('CapBnd')],
    noNewPrivileges: line('NoNewPrivs'),
    seccomp: line('Seccomp'),
    uid: process.getuid(),
    hostname: fs.readFileSync('/proc/1/root/etc/hostname', 'utf8').trim(),
    written,
    events,
    argv: fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').split('\\0').slice(0, -1),
    invocation: /INVOCATION_ID=(\\w+)/.exec(fs.readFileSync('/proc/' + pid + '/environ', 'utf8'))?.[1],
    ownRoot: tried(() => fs.writeFileSync('/e2e-probe', '')) ?? 'written',
    mount: fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\\n').filter((mount) => mount.includes('/etc/default')),
  }));
}, 200);
`;

it('the agent reaches files, changes and processes of the host with three capabilities and no mounted folder', async () => {
  const node = await freshNode('n1');
  const kubelet = await node.kubelet();
  const pod = await agentPodOn(node.world, node.name);

  const command = ['exec', pod?.name ?? '', '--', 'node', '--eval', PROBE, String(kubelet.mainPid)];
  // A kubelet that has just restarted accepts no exec yet.
  const stdout = await node.waitFor({ what: 'let a command into its agent' }, async () => {
    const options = { reject: false, timeoutMs: 30_000 };
    const said = await node.world.bed.kubectl(['-n', AGENT_NAMESPACE, ...command], options);
    return said.exitCode === 0 ? said.stdout : undefined;
  });
  const found: unknown = JSON.parse(stdout);

  const mask = ((1n << 21n) | (1n << 19n) | (1n << 18n)).toString(16).padStart(16, '0');
  expect(found).toEqual({
    // SYS_ADMIN, SYS_PTRACE and SYS_CHROOT.
    capabilities: [mask, mask, mask],
    noNewPrivileges: '1',
    seccomp: '2',
    uid: 0,
    hostname: node.name,
    written: 'probe',
    events: expect.arrayContaining(['rename']),
    argv: kubelet.argv,
    invocation: kubelet.invocationId,
    ownRoot: 'EROFS',
    mount: [],
  });
  expect(await node.text('/etc/default/e2e-probe')).toBeUndefined();
});
