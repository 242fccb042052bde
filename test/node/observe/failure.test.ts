import { describe, expect, test } from 'vitest';
import { explainFailure, type Failure } from '../../../agent/node/observe/failure.ts';
import type { Confinement } from '../../../agent/node/ports.ts';
import { FakeHost, SYSTEMD_RUNS } from '../../../scripts/fakes/fake-host.ts';

function failure(error: unknown, confinement?: Confinement): Promise<Failure> {
  const host = new FakeHost();
  host.confinement = confinement;
  return explainFailure(host.ports(), host.node(), error);
}

describe('a host that refuses the agent', () => {
  test.each([
    "EACCES: permission denied, readlink '/proc/1/root'",
    "EPERM: operation not permitted, stat '/proc/1/root/run'",
    'busctl call exited with 1: nsenter: cannot open /proc/1/ns/mnt: Permission denied',
    'busctl call exited with 1: nsenter: reassociate to namespaces failed: Operation not permitted',
    'busctl call exited with 1: Call failed: Access denied',
    'systemctl try-restart exited with 4: SELinux policy denies access: Permission denied',
  ])('is Degraded, and the reason names SELinux and what to set: %s', async (message) => {
    const { state, reason } = await failure(new Error(message), {
      module: 'SELinux',
      label: 'system_u:system_r:container_t:s0',
    });

    expect(state).toBe('Degraded');
    expect(reason).toContain(message);
    expect(reason).toContain('SELinux confines the agent as system_u:system_r:container_t:s0');
    expect(reason).toMatch(/seLinuxOptions.*spc_t.*admission webhook/u);
  });

  test.each([
    'busctl call exited with 1: Call failed: Access denied',
    'systemctl try-restart exited with 4: SELinux policy denies access: Permission denied',
    'The change was not begun, because it could not be made reversible: systemd-run exited with 1: Failed to start transient timer unit: Access denied',
  ])('is reported with the rules that its policy lacks for the agent’s own type: %s', async (message) => {
    const label = 'system_u:system_r:spc_t:s0';

    const { state, reason } = await failure(new Error(message), {
      module: 'SELinux',
      label,
      isOwnType: true,
    });

    expect(state).toBe('Degraded');
    expect(reason).toContain(`${message}. SELinux enforces, and the agent runs as ${label}`);
    expect(reason).toMatch(/kubelet-sysctl-agent\.cil.*semodule -i.*docs\/how-to\/selinux\.md/u);
    expect(reason).not.toContain('seLinuxOptions');
  });

  test('is reported with the AppArmor profile and what to set', async () => {
    const { reason } = await failure(new Error("EACCES: permission denied, open '/proc/1/root/etc'"), {
      module: 'AppArmor',
      label: 'cri-containerd.apparmor.d (enforce)',
    });

    expect(reason).toContain(
      'AppArmor confines the agent by the profile cri-containerd.apparmor.d (enforce)',
    );
    expect(reason).toMatch(/appArmorProfile.*Unconfined.*admission webhook/u);
  });

  test('is reported with the pod’s capabilities where no module confines the agent', async () => {
    const { reason } = await failure(new Error('Permission denied'));

    expect(reason).toMatch(/Neither SELinux nor AppArmor.*capabilities/u);
  });
});

test('a failure for another cause names no security module, in a text that stays the same', async () => {
  const error = new Error('busctl call exited with 1: Connection timed out (pid 4242)');

  expect(await failure(error, { module: 'AppArmor', label: 'x (enforce)' })).toEqual({
    state: 'Degraded',
    reason: 'The agent cannot observe this node: busctl call exited with 1: Connection timed out (pid …)',
  });
});

test('a host without systemd cannot be changed, and its vendor’s setting is named', async () => {
  const host = new FakeHost({ '/etc/os-release': 'NAME="Talos"\nID=talos\n' });
  host.files.delete(SYSTEMD_RUNS);
  const error = new Error(
    'busctl exited with 127: nsenter: failed to execute busctl: No such file or directory',
  );

  const { state, reason } = await explainFailure(host.ports(), host.node(), error);

  expect(state).toBe('Unreconcilable');
  expect(reason).toMatch(/^Expected this host to run systemd, found no/u);
  expect(reason).toContain('This is a node of Talos: ');
});
