// Who may read the metrics, judged by a real API server with the rights that the component monitoring-auth grants.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { serveMetrics } from '../../../agent/cli/daemon/metrics-server.ts';
import { accessTo } from '../../../agent/cluster/api/access.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import type { Bed } from '../../../scripts/bed/bed.ts';
import { pkiFolder } from '../../../scripts/bed/control-plane/pki.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import {
  AGENT_DAEMON_SET,
  AGENT_NAMESPACE,
  COORDINATOR_DEPLOYMENT,
} from '../../../scripts/kubernetes/names.ts';
import { selfSigned } from '../../cluster/certificate.ts';
import { e2eBed } from '../support/bed.ts';

const COMPONENT = join(import.meta.dirname, '../../../daemonset/components/monitoring-auth');
const READER = 'kubelet-sysctl-metrics';
/** All of the component but its patches, which would start other coordinators. */
const FILES = [
  'review-cluster-role.yaml',
  'review-cluster-role-binding.yaml',
  'reader-service-account.yaml',
  'reader-token.yaml',
  'reader-cluster-role.yaml',
  'reader-cluster-role-binding.yaml',
].flatMap((name) => ['-f', join(COMPONENT, name)]);
const SOON = { timeoutMs: 10_000, everyMs: 200 };

it('the coordinator answers 401 without a token, 403 to an account without the right, and 200 to the one for Prometheus', async () => {
  const bed = await e2eBed();
  await bed.kubectl(['apply', ...FILES]);
  onTestFinished(async () => void (await bed.kubectl(['delete', '--ignore-not-found', ...FILES])));
  const status = await served(bed);

  expect(await status()).toBe(401);
  expect(await status('eyJhbGciOiJub25lIn0.e30.made-up')).toBe(401);
  expect(await status(await tokenOf(bed, AGENT_DAEMON_SET))).toBe(403);
  // The API server learns of new rights a moment later.
  const reader = await tokenOf(bed, READER);
  expect(await until(async () => (await status(reader)) === 200, SOON)).toBe(true);
  const kept = await until(async () => (await secretToken(bed)) !== '', SOON);
  expect(kept).toBe(true);
  expect(await status(await secretToken(bed))).toBe(200);
});

/** Serves as the coordinator does, with a token of its account; resolves with what asks for the metrics. */
async function served(bed: Bed): Promise<(token?: string) => Promise<number>> {
  const certificate = selfSigned('coordinator');
  const tlsFolder = await mkdtemp(join(tmpdir(), 'metrics-'));
  onTestFinished(() => rm(tlsFolder, { recursive: true }));
  await writeFile(join(tlsFolder, 'tls.crt'), certificate.cert);
  await writeFile(join(tlsFolder, 'tls.key'), certificate.key);
  const [own, ca] = await Promise.all([
    tokenOf(bed, COORDINATOR_DEPLOYMENT),
    readFile(join(pkiFolder(bed.folder), 'ca.crt'), 'utf8'),
  ]);
  const transport = createTransport({
    server: new URL(bed.server),
    namespace: AGENT_NAMESPACE,
    token: async () => own,
    ca: async () => ca,
  });
  const server = serveMetrics({
    port: 0,
    host: '127.0.0.1',
    exposition: async () => ({ contentType: 'text/plain', pieces: [Buffer.from('up 1\n')] }),
    log: { warn: (_facts, message) => void process.stdout.write(`${message}\n`) },
    guard: { tlsFolder, access: accessTo({ path: '/metrics', verb: 'get' }, transport) },
  });
  onTestFinished(() => {
    server.close();
    transport.close();
  });
  const port = await server.port;
  return (token) =>
    new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const options = {
        host: '127.0.0.1',
        port,
        path: '/metrics',
        ca: certificate.cert,
        agent: false,
        headers,
      };
      const asked = request(options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('error', reject);
      asked.end();
    });
}

async function tokenOf(bed: Bed, account: string): Promise<string> {
  return (await bed.kubectl(['-n', AGENT_NAMESPACE, 'create', 'token', account])).stdout.trim();
}

/** Returns the token that Kubernetes wrote into the component's Secret; empty before it has. */
async function secretToken(bed: Bed): Promise<string> {
  const path = 'jsonpath={.data.token}';
  const { stdout } = await bed.kubectl(['-n', AGENT_NAMESPACE, 'get', 'secret', READER, '-o', path]);
  return Buffer.from(stdout, 'base64').toString();
}
