// Clients for the cluster of a kubeconfig.

import { ApiException, CoreV1Api, Exec, KubeConfig } from '@kubernetes/client-node';
import { TutorialError } from './errors.ts';

const CONFLICT = 409;

export interface Cluster {
  readonly core: CoreV1Api;
  readonly exec: Exec;
}

export interface Access {
  /** Path of a kubeconfig; without it KUBECONFIG or ~/.kube/config, as kubectl does. */
  readonly kubeconfig?: string;
  /** A context of it other than the current one. */
  readonly context?: string;
}

/** Returns the clients; throws a TutorialError when the kubeconfig has no such context. */
export function connect({ kubeconfig, context }: Access): Cluster {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new TutorialError(
        `Expected a context of the kubeconfig (${names.join(', ') || 'it has none'}), got ${context}`,
      );
    }
    config.setCurrentContext(context);
  }
  return { core: config.makeApiClient(CoreV1Api), exec: new Exec(config) };
}

/** Resolves with the answer, or undefined for a 404. */
export async function ifThere<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (statusCode(error) === 404) return undefined;
    throw error;
  }
}

/** Returns the HTTP status of a refused request; undefined for any other error. */
export function statusCode(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

/** Retries `edit`, which must read before it writes, while the API server answers with a conflict. */
export async function retryOnConflict(tries: number, edit: () => Promise<void>): Promise<void> {
  try {
    await edit();
  } catch (error) {
    if (statusCode(error) !== CONFLICT || tries === 0) throw error;
    await retryOnConflict(tries - 1, edit);
  }
}
