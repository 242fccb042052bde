// What `why` is asked about: a pod, a workload that makes pods, or the name of a sysctl. Pure.

/** A kind with a pod's spec, and where the API server has it. */
export interface Kind {
  readonly kind: string;
  /** The words for it in KIND/NAME, as kubectl takes them. */
  readonly words: readonly string[];
  /** The API's path up to the namespace. */
  readonly api: string;
  readonly resource: string;
  /** Where the pod's spec stands in the object. */
  readonly podSpec: readonly string[];
}

const TEMPLATE = ['spec', 'template', 'spec'];

export const POD: Kind = kind('Pod', ['pod', 'pods', 'po'], '/api/v1', ['spec']);

const KINDS: readonly Kind[] = [
  POD,
  kind('Deployment', ['deployment', 'deployments', 'deploy'], '/apis/apps/v1', TEMPLATE),
  kind('StatefulSet', ['statefulset', 'statefulsets', 'sts'], '/apis/apps/v1', TEMPLATE),
  kind('DaemonSet', ['daemonset', 'daemonsets', 'ds'], '/apis/apps/v1', TEMPLATE),
  kind('ReplicaSet', ['replicaset', 'replicasets', 'rs'], '/apis/apps/v1', TEMPLATE),
  kind('Job', ['job', 'jobs'], '/apis/batch/v1', TEMPLATE),
  kind('CronJob', ['cronjob', 'cronjobs', 'cj'], '/apis/batch/v1', ['spec', 'jobTemplate', ...TEMPLATE]),
];

/** The words before the slash, for help and errors. */
export const KIND_WORDS: readonly string[] = KINDS.map(({ words }) => words[0] ?? '');

export type Asked =
  | { readonly about: 'sysctl'; readonly name: string }
  | { readonly about: 'object'; readonly kind: Kind; readonly name: string }
  | { readonly about: 'unknown kind'; readonly word: string };

/** The folders of /proc/sys, with which a sysctl's name begins. */
const ROOTS = /^(?:abi|crypto|debug|dev|fs|kernel|net|sunrpc|user|vm)[./]/u;
/** The names that the API server accepts for a pod. */
const OBJECT_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/u;

/** Returns what the word means. KIND/NAME is an object, a name below a folder of /proc/sys a sysctl; any other valid name is a pod's. */
export function askedFor(word: string): Asked {
  const slash = word.indexOf('/');
  const before = word.slice(0, Math.max(slash, 0)).toLowerCase().replace(/\..*$/u, '');
  const known = KINDS.find(({ words }) => words.includes(before));
  if (known !== undefined && OBJECT_NAME.test(word.slice(slash + 1))) {
    return { about: 'object', kind: known, name: word.slice(slash + 1) };
  }
  if (ROOTS.test(word.toLowerCase())) return { about: 'sysctl', name: word };
  if (slash !== -1) return { about: 'unknown kind', word: word.slice(0, slash) };
  return OBJECT_NAME.test(word)
    ? { about: 'object', kind: POD, name: word }
    : { about: 'sysctl', name: word };
}

function kind(name: string, words: readonly string[], api: string, podSpec: readonly string[]): Kind {
  return { kind: name, words, api, resource: `${name.toLowerCase()}s`, podSpec };
}
