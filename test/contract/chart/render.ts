// The objects that the chart and the kustomize base make, rendered by the real tools.

import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { objectAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import {
  type GoCommand,
  goInstalled,
  HELM_3,
  HELM_4,
  HELM_DOCS,
} from '../../../scripts/bed/build/go-install.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../../../scripts/bed/build/kubernetes.ts';
import { type Outcome, run } from '../../../scripts/bed/build/run.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { kustomized } from '../../../scripts/manifests/install-yaml.ts';

export const CHART = join(import.meta.dirname, '..', '..', '..', 'daemonset', 'chart');
/** The release and namespace with which the chart makes the names of the kustomize base. */
export const NAME = 'kubelet-sysctl-agent';

export interface Rendering {
  readonly values?: unknown;
  readonly release?: string;
  readonly namespace?: string;
  readonly kubeVersion?: string;
  readonly helm?: GoCommand;
  /** Further arguments of `helm template`. */
  readonly args?: readonly string[];
}

/** Builds the tools that the tests of the chart run; the first build takes minutes. */
export async function buildTools(): Promise<void> {
  const log = consoleLog();
  for (const command of [HELM_3, HELM_4, HELM_DOCS]) await goInstalled(command, log);
  await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, log);
}

/** Runs `helm template`; resolves also when it fails. */
export async function helmTemplate(rendering: Rendering = {}): Promise<Outcome> {
  const {
    release = NAME,
    namespace = release,
    kubeVersion = DEFAULT_KUBERNETES_VERSION,
    helm = HELM_4,
    args = [],
  } = rendering;
  const place = ['--namespace', namespace, '--kube-version', kubeVersion];
  // JSON is YAML.
  const values = { input: JSON.stringify(rendering.values ?? {}), reject: false };
  return runHelm(helm, ['template', release, CHART, ...place, '--values', '-', ...args], values);
}

/** Runs a Helm that is built on first use; throws a ToolError when it fails, unless the options say otherwise. */
export async function runHelm(
  helm: GoCommand,
  args: readonly string[],
  options?: Parameters<typeof run>[1],
): Promise<Outcome> {
  return run([await goInstalled(helm, consoleLog()), ...args], options);
}

/** Returns the objects of the chart; throws with Helm's message when it refuses. */
export async function chartObjects(rendering: Rendering = {}): Promise<readonly JsonObject[]> {
  const { stdout, stderr, exitCode } = await helmTemplate(rendering);
  if (exitCode !== 0) throw new Error(stderr);
  return objectsIn(stdout);
}

/** Returns the objects of an overlay of daemonset/; `components` are paths in it. */
export async function kustomizeObjects(components: readonly string[]): Promise<readonly JsonObject[]> {
  // The base has this label too; the components of an overlay come after it.
  const labels = [{ pairs: { 'app.kubernetes.io/name': NAME } }];
  return objectsIn(await kustomized({ components, labels }, consoleLog()));
}

/** Returns the objects of a stream of YAML documents. */
export function objectsIn(text: string): readonly JsonObject[] {
  return parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((object) => object !== null)
    .map((object) => objectAt(object));
}

/** Returns one object's identity: `Kind namespace/name`. */
export function nameOf(object: JsonObject): string {
  const { namespace = '', name } = objectAt(object, 'metadata');
  return `${String(object['kind'])} ${String(namespace)}/${String(name)}`;
}

/** Returns the only object of a kind, or the one of this name; throws when there is none or more than one. */
export function theOne(objects: readonly JsonObject[], kind: string, name?: string): JsonObject {
  const [object, ...more] = objects.filter(
    (each) => each['kind'] === kind && (name === undefined || objectAt(each, 'metadata')['name'] === name),
  );
  if (object === undefined || more.length > 0) {
    throw new Error(`Expected one ${kind}, got ${more.length + (object === undefined ? 0 : 1)}.`);
  }
  return object;
}
