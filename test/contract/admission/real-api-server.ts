// A real API server with our manifests and no node: answers dry runs of the policy's ConfigMap.

import { Agent } from 'node:https';
import { join } from 'node:path';
import { objectAt } from '../../../agent/cluster/http/json.ts';
import { CONFIG_MAP, NAMESPACE } from '../../../agent/names.ts';
import { LIST_KEY } from '../../../agent/policy/parse.ts';
import { type Bed, startBed } from '../../../scripts/bed/bed.ts';
import { administrator, send } from '../../../scripts/bed/control-plane/api.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { NODE_WIDE_POLICY } from '../../../scripts/admission/node-wide.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import type { Data } from './config-maps.ts';

const PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const DENIED = 'denied request: ';
const CONFLICT = 409;
const TIMEOUT_MS = 10_000;
const MANIFESTS = join(import.meta.dirname, '../../../daemonset');
const CONFIG_MAP_ARGS = ['configmap', CONFIG_MAP, '--namespace', NAMESPACE];
/** What the API server writes before and after a policy's own words. */
const WARNED = new RegExp(`^299 - "Validation failed for .* with binding '${NODE_WIDE_POLICY}': (.*)"$`, 'u');
const SOON = { timeoutMs: 60_000, everyMs: 250 };

/** Why these tests cannot run on this machine; undefined when they can. */
export const NOT_ROOT =
  process.getuid?.() === 0 ? undefined : 'Expected to run as root: an API server of a bed needs a bridge.';

/** What the policies say; undefined: nothing. */
export interface Said {
  readonly refusal: string | undefined;
  readonly warning: string | undefined;
}

export class RealApiServer {
  readonly bed: Bed;
  readonly #agent: Agent;

  private constructor(bed: Bed, agent: Agent) {
    this.bed = bed;
    this.#agent = agent;
  }

  /** Resolves when the policy refuses what it must refuse. */
  static async start(version: string): Promise<RealApiServer> {
    const name = `admission-${process.pid}-${version.replaceAll('.', '-')}`;
    const bed = await startBed({ name, nodes: [], version, controllers: false }, silent);
    const agent = new Agent({ ...(await administrator(bed.folder)), keepAlive: true });
    return new RealApiServer(bed, agent);
  }

  /** Applies our manifests; resolves with kubectl's lines. */
  async apply(): Promise<string> {
    const { stdout } = await this.bed.kubectl(['apply', '-k', MANIFESTS]);
    return stdout;
  }

  /** Returns the present data. */
  async data(): Promise<Data> {
    const { stdout } = await this.bed.kubectl(['get', ...CONFIG_MAP_ARGS, '--output=json']);
    return JSON.parse(stdout).data ?? {};
  }

  /** Adds data that the policy refuses, as from before its installation; resolves when the policy is in force again. */
  async keepInvalid(data: Data): Promise<void> {
    const binding = join(MANIFESTS, 'policy-admission-policy-binding.yaml');
    await this.bed.kubectl(['delete', '-f', binding]);
    const patch = ['patch', ...CONFIG_MAP_ARGS, '--type=merge', `--patch=${JSON.stringify({ data })}`];
    const isKept = async () => (await this.bed.kubectl(patch, { reject: false })).exitCode === 0;
    if (!(await until(isKept, SOON))) throw new Error('Expected an unbound policy to refuse nothing.');
    await this.bed.kubectl(['apply', '-f', binding]);
    await this.awaitPolicy();
  }

  /** Resolves when both policies are in force: a new one acts after some seconds. */
  async awaitPolicy(): Promise<void> {
    const isInForce = async () => {
      const { refusal, warning } = await this.say({ mode: 'x', [LIST_KEY]: 'net.core.rmem_max' });
      return refusal !== undefined && warning !== undefined;
    };
    if (!(await until(isInForce, SOON))) throw new Error('Expected the policies to be in force within 60 s.');
  }

  /** Returns the refusal alone. */
  async refusalOf(data: Data, kind?: 'create' | 'update'): Promise<string | undefined> {
    return (await this.say(data, kind)).refusal;
  }

  /** Returns what the policies say of creating a ConfigMap, or of giving the present one this data. */
  async say(data: Data, kind: 'create' | 'update' = 'create'): Promise<Said> {
    const isUpdate = kind === 'update';
    const metadata = { name: CONFIG_MAP };
    const path = `${PATH}${isUpdate ? `/${CONFIG_MAP}` : ''}?dryRun=All`;
    const options = {
      method: isUpdate ? 'PUT' : 'POST',
      agent: this.#agent,
      timeout: TIMEOUT_MS,
      headers: { 'content-type': 'application/json' },
    };
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    const answer = await send(`${this.bed.server}${path}`, options, body);
    const warning = answer.warning === undefined ? undefined : wordsOf(answer.warning);
    // The policy is asked before the storage, which may have the ConfigMap.
    if (answer.status < 300 || answer.status === CONFLICT) return { refusal: undefined, warning };
    const message = String(objectAt(JSON.parse(answer.body))['message']);
    if (!message.includes(DENIED)) throw new Error(`Expected a refusal by the policy, got ${message}`);
    return { refusal: message.slice(message.indexOf(DENIED) + DENIED.length), warning };
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.bed.down();
  }
}

function wordsOf(warning: string): string {
  const [, words] = WARNED.exec(warning) ?? [];
  if (words === undefined) throw new Error(`Expected a warning of ${NODE_WIDE_POLICY} alone, got ${warning}`);
  return words;
}
