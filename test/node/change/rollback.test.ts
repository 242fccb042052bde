import { describe, expect, test } from 'vitest';
import { JOURNAL_FILE, UNDONE_FILES } from '../../../agent/node/state/state-store.ts';
import { KEYS, ROLLBACK_INCOMPLETE } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const refusesList = (argv: readonly string[]): string | undefined =>
  argv.join().includes('somaxconn') ? 'E run.go:72] "command failed" err="no such list"' : undefined;

/** A host on which another party edits the environment file right before the kubelet starts, as an ExecStartPre= does. */
function hostWithPreStart(content: string, edit: (content: string) => string): FakeHost {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: content }).startKubelet();
  host.crash = refusesList;
  host.fault = (action) => {
    if (action === 'restart') {
      host.files.set(ENVIRONMENT_FILE, edit(host.files.get(ENVIRONMENT_FILE) ?? ''));
    }
    return undefined;
  };
  return host;
}

/** systemd drops a file with a NUL byte, so the agent cannot edit it. */
const CUT_OFF = 'OTHER=\0\n';

describe('a rollback of a file that another party wrote during the change', () => {
  test.each([
    [
      'replaced another flag',
      'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11 --reserved-cpus="0-29"\n',
      (text: string) => text.replace('"0-29"', '"0-1"'),
      'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11 --reserved-cpus="0-1"\n',
    ],
    [
      'appended a line',
      'KUBELET_EXTRA_ARGS=--v=3\n',
      (text: string) => (text.includes('PROVIDER_ID') ? text : `${text}PROVIDER_ID=a\n`),
      'KUBELET_EXTRA_ARGS=--v=3\nPROVIDER_ID=a\n',
    ],
    [
      'appended another assignment of the variable, which hides ours',
      'KUBELET_EXTRA_ARGS=--v=3\n',
      (text: string) => (text.includes('--v=4') ? text : `${text}KUBELET_EXTRA_ARGS=--v=4\n`),
      "KUBELET_EXTRA_ARGS='--v=3'\nKUBELET_EXTRA_ARGS=--v=4\n",
    ],
    [
      'quoted the value',
      'KUBELET_EXTRA_ARGS=--v=3\n',
      (text: string) => text.replace(/=(--v.*)$/mu, "='$1'"),
      "KUBELET_EXTRA_ARGS='--v=3'\n",
    ],
  ])('removes the flag and keeps the other party’s edit, when it %s', async (_how, before, edit, after) => {
    const host = hostWithPreStart(before, edit);

    await startedAgent(host, POLICY);

    expect(host.files.get(ENVIRONMENT_FILE)?.replaceAll(/ +(?=["'\n])/gu, '')).toBe(after);
    expect(host.runningArgv?.join()).not.toContain('allowed-unsafe-sysctls');
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('was rolled back');
    expect(host.annotations[KEYS.reasonCode]).toBeUndefined();
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    expect(host.armed).toBeUndefined();
  });

  test('restores the old list when the change replaced one', async () => {
    const host = hostWithPreStart(
      'KUBELET_EXTRA_ARGS="--v=3 --allowed-unsafe-sysctls=kernel.sem"\n',
      (text) => (text.startsWith('#') ? text : `# edited\n${text}`),
    );

    await startedAgent(host, POLICY);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(
      '# edited\nKUBELET_EXTRA_ARGS="--v=3 --allowed-unsafe-sysctls=kernel.sem"\n',
    );
    expect(host.runningArgv).toContain('--allowed-unsafe-sysctls=kernel.sem');
  });

  test('keeps journal and timer, and does not report a rollback, while the flag cannot be removed', async () => {
    const host = hostWithPreStart('KUBELET_EXTRA_ARGS=--v=3\n', (text) =>
      text.includes(CUT_OFF) ? text : text + CUT_OFF,
    );

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('could not be taken out of /etc/default/kubelet');
    expect(host.annotations[KEYS.reasonCode]).toBe(ROLLBACK_INCOMPLETE);
    expect(host.files.has(JOURNAL_FILE)).toBe(true);
    expect(host.armed).toBeDefined();

    host.fault = () => undefined;
    host.files.set(ENVIRONMENT_FILE, (host.files.get(ENVIRONMENT_FILE) ?? '').replace(CUT_OFF, ''));
    host.advance(5000);
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe('KUBELET_EXTRA_ARGS=--v=3\n');
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    expect(host.armed).toBeUndefined();
    expect(host.annotations[KEYS.reasonCode]).toBeUndefined();
  });
});

describe('a rollback of a flag that another party moved to another file', () => {
  const OTHER = '/etc/sysconfig/kubelet';

  test('takes it out there, and keeps the same flag where it was before the change', async () => {
    const host = hostWithPreStart('KUBELET_EXTRA_ARGS=--v=3\n', (text) => {
      const value = text.split('=').slice(1).join('=').trim().replaceAll("'", '');
      host.files.set(OTHER, `# theirs\nKUBELET_EXTRA_ARGS='${value}'\n`);
      return '# moved\n';
    });
    const third = '/etc/third';
    host.files.set(OTHER, '# theirs\n');
    host.files.set(third, 'THIRD=--allowed-unsafe-sysctls=net.core.somaxconn\n');
    host.environmentFiles = [OTHER, ENVIRONMENT_FILE, third].map((path) => ({ path, optional: true }));
    const moved = host.fault;
    host.fault = (action) => (host.restarts === 0 ? moved(action) : undefined);

    await startedAgent(host, POLICY);

    expect(host.files.get(OTHER)).toBe("# theirs\nKUBELET_EXTRA_ARGS='--v=3'\n");
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('# moved\n');
    expect(host.files.get(third)).toBe('THIRD=--allowed-unsafe-sysctls=net.core.somaxconn\n');
    expect(host.runningArgv?.join()).not.toContain('somaxconn');
    expect(host.annotations[KEYS.reason]).toContain('was rolled back');
  });
});

describe('a rollback that the host’s rollback timer overtakes', () => {
  test.each(['arm', `write ${ENVIRONMENT_FILE}`])(
    'does not restart the kubelet a second time when that happens at its part "%s"',
    async (part) => {
      const host = new FakeHost({ [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--v=3\n' }).startKubelet();
      host.crash = refusesList;
      host.fault = (action) => {
        const text = host.files.get(JOURNAL_FILE);
        if (action === part && host.restarts === 1 && text !== undefined) {
          host.files.set(UNDONE_FILES.timer, text);
          host.files.delete(JOURNAL_FILE);
          host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--v=3\n');
          host.startKubelet();
        }
        return undefined;
      };

      await startedAgent(host, POLICY);
      host.advance(1000);
      await atRest();

      expect(host.restarts).toBe(1);
      expect(host.files.get(ENVIRONMENT_FILE)).toBe('KUBELET_EXTRA_ARGS=--v=3\n');
      expect(host.files.has(UNDONE_FILES.timer)).toBe(false);
      expect(host.armed).toBeUndefined();
      expect(host.annotations[KEYS.state]).toBe('Degraded');
      expect(host.annotations[KEYS.reason]).toContain('did not complete it in time');
    },
  );
});

describe('a rollback of a flag that another party puts back at the kubelet’s start', () => {
  test('is not reported as rolled back, and leaves the file without the flag', async () => {
    let copy = '';
    const host = hostWithPreStart('KUBELET_EXTRA_ARGS=--v=3\n', (text) => {
      copy = text.includes('somaxconn') ? text : copy;
      return `# from a copy\n${copy}`;
    });

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.reason]).toContain('could not be rolled back to a healthy kubelet');
    expect(host.annotations[KEYS.reason]).toContain('wrote the change into /etc/default/kubelet again');
    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain('somaxconn');
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
  });
});
