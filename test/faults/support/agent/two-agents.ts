// A second DaemonSet of agents, as by mistake.

import type { V1DaemonSet } from '@kubernetes/client-node';
import { until } from '../../../../scripts/bed/util/until.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';
import { stateOf } from '../../../../scripts/node/wait.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';

const NAME = 'kubelet-sysctl-agent-again';
/** Longer than a node whose kubelet just restarted needs to start a pod beside other work. */
const LOG_MS = 150_000;
const LABEL = 'app.kubernetes.io/name';

export interface SecondAgent extends AsyncDisposable {
  /** Resolves when its log has these words; throws with the logs of both agents when they are not there in time. */
  awaitLog(words: string): Promise<void>;
}

/** A copy of the DaemonSet under another name, on this node alone. */
export async function secondAgent(node: TestNode): Promise<SecondAgent> {
  const { bed } = node.world;
  const inNamespace = ['--namespace', AGENT_NAMESPACE];
  const get = ['get', 'daemonset', AGENT_DAEMON_SET, '--output=json'];
  const { spec }: V1DaemonSet = JSON.parse((await bed.kubectl([...inNamespace, ...get])).stdout);
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

  const printed = async (...command: readonly string[]): Promise<string> => {
    const args = [...inNamespace, ...command, '--selector', `${LABEL}=${NAME}`];
    const { stdout, stderr } = await bed.kubectl(args, { reject: false });
    return stdout + stderr;
  };
  return {
    async awaitLog(words) {
      let log = '';
      const isThere = async (): Promise<boolean> => {
        log = await printed('logs', '--tail=-1');
        return log.includes(words);
      };
      if (await until(isThere, { timeoutMs: LOG_MS, everyMs: 500 })) return;
      const pods = await printed('get', 'pods', '--output=wide');
      const state = await stateOf(node.world, node.bedNode);
      throw new Error(`Expected the second agent to log "${words}", got\n${pods}${log}\n${state}`);
    },
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
