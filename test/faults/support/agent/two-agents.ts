// A second DaemonSet of agents, as by mistake.

import type { V1DaemonSet } from '@kubernetes/client-node';
import { until } from '../../../../scripts/bed/util/until.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';

const NAME = 'kubelet-sysctl-agent-again';
const LABEL = 'app.kubernetes.io/name';

export interface SecondAgent extends AsyncDisposable {
  /** Whether its log has these words. */
  says(words: string): Promise<boolean>;
}

/** A copy of the DaemonSet under another name, on this node alone. */
export async function secondAgent(node: TestNode): Promise<SecondAgent> {
  const { bed } = node.world;
  const inNamespace = ['--namespace', AGENT_NAMESPACE];
  const { stdout } = await bed.kubectl([
    ...inNamespace,
    'get',
    'daemonset',
    AGENT_DAEMON_SET,
    '--output=json',
  ]);
  const { spec }: V1DaemonSet = JSON.parse(stdout);
  const copy = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: AGENT_NAMESPACE, name: NAME },
    spec: {
      selector: { matchLabels: { [LABEL]: NAME } },
      template: {
        metadata: { labels: { [LABEL]: NAME } },
        spec: Object.assign(spec?.template.spec ?? {}, {
          nodeSelector: { 'kubernetes.io/hostname': node.name },
        }),
      },
    },
  };
  await bed.kubectl(['apply', '--filename=-'], { input: JSON.stringify(copy) });

  const log = [...inNamespace, 'logs', '--selector', `${LABEL}=${NAME}`, '--tail=-1'];
  return {
    says: (words) =>
      until(async () => (await bed.kubectl(log, { reject: false })).stdout.includes(words), {
        timeoutMs: 60_000,
        everyMs: 500,
      }),
    async [Symbol.asyncDispose]() {
      await bed.kubectl([
        ...inNamespace,
        'delete',
        'daemonset',
        NAME,
        '--ignore-not-found',
        '--cascade=foreground',
      ]);
    },
  };
}

/** Takes the first DaemonSet away from this node alone until it is disposed of. */
export async function withoutFirstAgent(node: TestNode): Promise<AsyncDisposable> {
  const patch = async (updateStrategy: unknown, nodeAffinity: unknown): Promise<void> => {
    const body = JSON.stringify({
      spec: { updateStrategy, template: { spec: { affinity: { nodeAffinity } } } },
    });
    const where = ['--namespace', AGENT_NAMESPACE, 'patch', 'daemonset', AGENT_DAEMON_SET];
    await node.world.bed.kubectl([...where, '--type=merge', '--patch', body]);
  };
  const elsewhere = [{ key: 'kubernetes.io/hostname', operator: 'NotIn', values: [node.name] }];
  // The agents of other nodes are not replaced for it.
  await patch(
    { type: 'OnDelete', rollingUpdate: null },
    {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: elsewhere }],
      },
    },
  );
  return {
    [Symbol.asyncDispose]: async () => {
      await patch({ type: 'OnDelete' }, null);
      await patch({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } }, null);
    },
  };
}
