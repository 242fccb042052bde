// A real API server without nodes, with the policies of one component and lists as the coordinator writes them.

import { join } from 'node:path';
import { CONFIG_MAP, LISTS_NAME, NAMESPACE } from '../../../agent/names.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { listsOf } from '../../../agent/rollout/lists/lists.ts';
import { type Bed, startBed } from '../../../scripts/bed/bed.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { until } from '../../../scripts/bed/util/until.ts';

const COMPONENTS = join(import.meta.dirname, '../../../daemonset/components');
/** A new policy needs some seconds before it acts, and so does a change of its parameter. */
const SOON = { timeoutMs: 60_000, everyMs: 300 };

/** What kubectl said of an object. */
export interface Said {
  readonly object: { readonly spec?: { readonly nodeSelector?: Readonly<Record<string, string>> } };
  readonly warnings: string;
}

export class SchedulingServer {
  readonly #bed: Bed;

  private constructor(bed: Bed) {
    this.#bed = bed;
  }

  static async start(version: string): Promise<SchedulingServer> {
    const name = `scheduling-${process.pid}-${version.replaceAll('.', '-')}`;
    const server = new SchedulingServer(
      await startBed({ name, nodes: [], version, controllers: false }, silent),
    );
    await server.#bed.kubectl(['create', 'namespace', NAMESPACE]);
    // No controller makes it here.
    await server.#bed.kubectl(['create', 'serviceaccount', 'default', '--namespace=default']);
    return server;
  }

  /** Applies the component's policies. */
  async apply(component: 'scheduling' | 'warnings'): Promise<void> {
    for (const file of ['admission-policy.yaml', 'admission-policy-binding.yaml']) {
      await this.#bed.kubectl(['apply', '-f', join(COMPONENTS, component, file)]);
    }
  }

  /** Writes the lists of this policy for nodes of the newest kubelet. */
  async setPolicy(data: Readonly<Record<string, string>>): Promise<void> {
    const result = parsePolicy(data);
    if (!result.ok) throw new Error(`Expected a valid ${CONFIG_MAP}.`);
    const metadata = { name: LISTS_NAME, namespace: NAMESPACE };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: listsOf(result.policy, []) };
    await this.#bed.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
  }

  /** Creates the object as a dry run. */
  async say(object: object): Promise<Said> {
    const args = ['create', '--dry-run=server', '--output=json', '--namespace=default', '-f', '-'];
    const { stdout, stderr } = await this.#bed.kubectl(args, { input: JSON.stringify(object) });
    return { object: JSON.parse(stdout), warnings: stderr };
  }

  /** Resolves with what is said of the object, as soon as `isSo` is true of it. */
  async awaitSaid(object: object, isSo: (said: Said) => boolean): Promise<Said> {
    const isSaid = async (): Promise<boolean> => isSo(await this.say(object));
    if (!(await until(isSaid, SOON))) {
      throw new Error(
        `Expected the policies to act within 60 s, got ${JSON.stringify(await this.say(object))}`,
      );
    }
    return this.say(object);
  }

  close(): Promise<void> {
    return this.#bed.down();
  }
}

interface PodOptions {
  readonly sysctls?: readonly string[];
  readonly spec?: object;
  readonly metadata?: object;
}

/** A pod that sets these sysctls to 1. */
export function pod({ sysctls = [], spec = {}, metadata = {} }: PodOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...metadata },
    spec: podSpec(sysctls, spec),
  };
}

export function podSpec(sysctls: readonly string[], more: object = {}): object {
  return {
    securityContext: { sysctls: sysctls.map((name) => ({ name, value: '1' })) },
    containers: [{ name: 'web', image: 'web' }],
    ...more,
  };
}
