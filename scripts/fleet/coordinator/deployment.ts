// The process that a Deployment runs, as far as it can run without a kubelet. Pure.

import { isObject, objectAt, stringAt, type JsonObject } from '../../../agent/cluster/http/json.ts';

export interface Program {
  readonly replicas: number;
  readonly serviceAccount: string;
  /** The pod template's spec. */
  readonly podSpec: JsonObject;
  /** The complete command line, with the image's entry point where the manifest has no command. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Mount paths of its container's own folders. */
  readonly folders: readonly string[];
  /** Its container's limit of memory in bytes; undefined: none, or not in Mi. */
  readonly memoryBytes: number | undefined;
}

export interface Image {
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the ENTRYPOINT and the ENV lines of a Dockerfile; throws when it has no ENTRYPOINT in JSON. */
export function imageOf(dockerfile: string): Image {
  const entrypoint: unknown = JSON.parse(
    /^ENTRYPOINT (?<argv>\[.*\])$/mu.exec(dockerfile)?.groups?.['argv'] ?? '',
  );
  const env = [...dockerfile.matchAll(/^ENV (\w+)=(\S*)$/gmu)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  return { entrypoint: textsIn(entrypoint), env: Object.fromEntries(env) };
}

/** Returns the program of the first Deployment whose container has this argument; undefined when there is none. */
export function programWith(argument: string, list: JsonObject, image: Image): Program | undefined {
  return itemsIn(list['items'])
    .map((deployment) => programOf(deployment, image))
    .find(({ argv }) => argv.includes(argument));
}

function programOf(deployment: JsonObject, image: Image): Program {
  const spec = objectAt(deployment, 'spec');
  const podSpec = objectAt(objectAt(spec, 'template'), 'spec');
  const [container = {}] = itemsIn(podSpec['containers']);
  const command = textsIn(container['command']);
  const env = itemsIn(container['env']).flatMap((each) => {
    const [name, value] = [stringAt(each, 'name'), stringAt(each, 'value')];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return {
    replicas: Number(spec['replicas'] ?? 1),
    serviceAccount: stringAt(podSpec, 'serviceAccountName') ?? 'default',
    podSpec,
    argv: [...(command.length > 0 ? command : image.entrypoint), ...textsIn(container['args'])],
    env: { ...image.env, ...Object.fromEntries(env) },
    folders: itemsIn(container['volumeMounts']).flatMap((mount) => stringAt(mount, 'mountPath') ?? []),
    memoryBytes: mebibytes(stringAt(objectAt(container, 'resources', 'limits'), 'memory')),
  };
}

function mebibytes(text: string | undefined): number | undefined {
  const [, number] = /^(\d+)Mi$/u.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Number(number) * 1024 * 1024;
}

function itemsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
