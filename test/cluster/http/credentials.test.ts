import { describe, expect, it } from 'vitest';
import { inClusterCredentials, type ReadFile } from '../../../agent/cluster/http/credentials.ts';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const ENV = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

function serviceAccount(token = 'first\n'): { files: Map<string, string>; readFile: ReadFile } {
  const files = new Map([
    [`${FOLDER}/token`, token],
    [`${FOLDER}/ca.crt`, 'PEM'],
    [`${FOLDER}/namespace`, 'agents\n'],
  ]);
  const readFile: ReadFile = async (path) => {
    const content = files.get(path);
    if (content === undefined) {
      throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    }
    return content;
  };
  return { files, readFile };
}

describe('inClusterCredentials', () => {
  it('reads the server, namespace, token and authority of the pod', async () => {
    const credentials = await inClusterCredentials(ENV, serviceAccount().readFile);
    expect(credentials.server.href).toBe('https://10.96.0.1/');
    expect(credentials.namespace).toBe('agents');
    expect(await credentials.token()).toBe('first');
    expect(await credentials.ca()).toBe('PEM');
  });

  it('encloses an IPv6 address in brackets', async () => {
    const env = { KUBERNETES_SERVICE_HOST: 'fd00:10:96::1', KUBERNETES_SERVICE_PORT: '6443' };
    const credentials = await inClusterCredentials(env, serviceAccount().readFile);
    expect(credentials.server.host).toBe('[fd00:10:96::1]:6443');
  });

  it('reads a rotated token after a minute, or at once for a fresh one', async () => {
    const { files, readFile } = serviceAccount();
    let now = 0;
    const credentials = await inClusterCredentials(ENV, readFile, () => now);
    files.set(`${FOLDER}/token`, 'second');
    now = 59_999;
    expect(await credentials.token()).toBe('first');
    now = 60_000;
    expect(await credentials.token()).toBe('second');
    files.set(`${FOLDER}/token`, 'third');
    expect(await credentials.token()).toBe('second');
    expect(await credentials.token(true)).toBe('third');
  });

  it('keeps the last token while the file cannot be read', async () => {
    const { files, readFile } = serviceAccount();
    let now = 0;
    const credentials = await inClusterCredentials(ENV, readFile, () => now);
    files.delete(`${FOLDER}/token`);
    now = 120_000;
    expect(await credentials.token()).toBe('first');
  });

  it('throws outside a cluster and says that the agent must run as a pod', async () => {
    await expect(inClusterCredentials({}, serviceAccount().readFile)).rejects.toThrow(
      /Run the agent as a pod/,
    );
  });

  it('throws in a pod without a ServiceAccount and names the missing files', async () => {
    const { files, readFile } = serviceAccount();
    files.delete(`${FOLDER}/ca.crt`);
    await expect(inClusterCredentials(ENV, readFile)).rejects.toThrow(/serviceAccountName/);
  });
});
