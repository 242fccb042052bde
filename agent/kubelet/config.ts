// Reads the list from the kubelet's config file and its drop-ins, merged as the kubelet merges them.

import { isMap, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';

export interface ConfigFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/** The files that --config and --config-dir name, drop-ins in any order. */
export interface ConfigSources {
  readonly config: ConfigFile | undefined;
  readonly dropIns: readonly ConfigFile[];
  /** The folder of --config-dir; absent without the flag. */
  readonly folder?: ConfigFolder;
}

/** `other`: not a folder, such as a symbolic link, which the kubelet does not follow. */
export interface ConfigFolder {
  readonly path: string;
  readonly state: 'folder' | 'missing' | 'other';
}

/** The keys of KubeletConfiguration that the agent reads. */
export interface KubeletConfig {
  readonly allowedUnsafeSysctls: readonly string[];
  /** The file that sets the list, for a person; undefined when none does. */
  readonly allowedUnsafeSysctlsFrom: string | undefined;
  readonly healthzPort: number | undefined;
  readonly healthzBindAddress: string | undefined;
}

/** A config file that the kubelet cannot read. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly path: string;
  /** From 1; undefined when the error is about the file as a whole. */
  readonly line: number | undefined;

  constructor(message: string, where: { readonly path: string; readonly line: number | undefined }) {
    super(message);
    this.path = where.path;
    this.line = where.line;
  }
}

export const NO_CONFIG: ConfigSources = { config: undefined, dropIns: [] };

/**
 * Merges config file and drop-ins: `.conf` files in the order of a walk through the folder, each a JSON merge patch, so a
 * list is replaced whole and null removes it. Mirrors mergeKubeletConfigurations (cmd/kubelet/app/server.go).
 *
 * @throws ConfigError when a file is not a YAML or JSON mapping, or one of these keys has another type.
 */
export function readKubeletConfig(sources: ConfigSources): KubeletConfig {
  const dropIns = inOrder(sources.dropIns);
  const patched = [
    ...(sources.config === undefined ? [] : [{ ...patchIn(sources.config), from: sources.config.path }]),
    ...dropIns.map((file) => ({ ...dropInPatch(file), from: `drop-in ${file.path}` })),
  ];
  const list = patched.findLast(({ allowed }) => allowed !== undefined);
  return {
    allowedUnsafeSysctls: list?.allowed ?? [],
    allowedUnsafeSysctlsFrom: (list?.allowed ?? null) === null ? undefined : list?.from,
    healthzPort: lastOf(patched.map(({ port }) => port)),
    healthzBindAddress: lastOf(patched.map(({ address }) => address)),
  };
}

/** Returns the list of a drop-in: undefined when it leaves that of the files before it, null when it removes it. Throws as readKubeletConfig. */
export function listIn(dropIn: ConfigFile): readonly string[] | null | undefined {
  return dropInPatch(dropIn).allowed;
}

/** Returns the drop-ins that the kubelet reads before and after the file of this path, and that file where it exists. */
export function splitDropIns(
  { dropIns }: ConfigSources,
  path: string,
): {
  readonly earlier: readonly ConfigFile[];
  readonly own: ConfigFile | undefined;
  readonly later: readonly ConfigFile[];
} {
  const here = { path, content: new Uint8Array() };
  const others = inOrder(dropIns).filter((file) => file.path !== path);
  return {
    earlier: others.filter((file) => inWalkOrder(file, here) < 0),
    own: dropIns.find((file) => file.path === path),
    later: others.filter((file) => inWalkOrder(file, here) > 0),
  };
}

/** Returns the sources with this content in a drop-in; undefined: without the file. */
export function withDropIn(
  sources: ConfigSources,
  path: string,
  content: Uint8Array | undefined,
): ConfigSources {
  const others = sources.dropIns.filter((file) => file.path !== path);
  return { ...sources, dropIns: content === undefined ? others : [...others, { path, content }] };
}

function inOrder(dropIns: readonly ConfigFile[]): readonly ConfigFile[] {
  return dropIns.filter(({ path }) => path.endsWith('.conf')).toSorted(inWalkOrder);
}

/** The keys of one file: undefined leaves the value of the files before, null removes it. */
interface Patch {
  readonly allowed: readonly string[] | null | undefined;
  readonly port: number | null | undefined;
  readonly address: string | null | undefined;
  /** It has the apiVersion and kind that a drop-in must have. */
  readonly isConfiguration: boolean;
}

function lastOf<T>(values: readonly (T | null | undefined)[]): T | undefined {
  return values.findLast((value) => value !== undefined) ?? undefined;
}

// Each file is parsed once and not once a plan: parsing YAML takes longer than the rest of a plan.
const patches = new WeakMap<ConfigFile, Patch>();

function patchIn(file: ConfigFile): Patch {
  const patch = patches.get(file) ?? readFile(file);
  patches.set(file, patch);
  return patch;
}

/** The kubelet does not start with a drop-in of another kind. */
function dropInPatch(file: ConfigFile): Patch {
  const patch = patchIn(file);
  if (patch.isConfiguration) return patch;
  const message =
    'Expected apiVersion: kubelet.config.k8s.io/v1beta1 and kind: KubeletConfiguration, found something else. ' +
    'The kubelet does not start with this file. Add both.';
  throw new ConfigError(message, { path: file.path, line: undefined });
}

function readFile(file: ConfigFile): Patch {
  const lines = new LineCounter();
  const document = parseFirstDocument(file, lines);
  const wrong = (key: string, expected: string, found: unknown): ConfigError => {
    const node: unknown = document.get(key, true);
    const offset = isNodeWithRange(node) ? node.range[0] : 0;
    const message = `Expected ${key} to be ${expected}, got ${JSON.stringify(found)}. The kubelet does not start with this file. Correct the value.`;
    return new ConfigError(message, { path: file.path, line: lines.linePos(offset).line });
  };
  const root: unknown = document.toJS();
  const get = (key: string): unknown => new Map(Object.entries(root ?? {})).get(key);
  const allowed = get('allowedUnsafeSysctls');
  const port = get('healthzPort');
  const address = get('healthzBindAddress');
  if (!isAbsent(allowed) && !isStringList(allowed)) {
    throw wrong('allowedUnsafeSysctls', 'a list of strings', allowed);
  }
  if (!isAbsent(port) && !isPort(port)) throw wrong('healthzPort', 'a number', port);
  if (!isAbsent(address) && typeof address !== 'string')
    throw wrong('healthzBindAddress', 'a string', address);
  const isConfiguration =
    get('apiVersion') === 'kubelet.config.k8s.io/v1beta1' && get('kind') === 'KubeletConfiguration';
  return { allowed, port, address, isConfiguration };
}

/** Like the kubelet, reads only the first document, as YAML 1.1, which includes JSON. */
function parseFirstDocument(file: ConfigFile, lineCounter: LineCounter): Document {
  const text = Buffer.from(file.content).toString('utf8');
  const documents = parseAllDocuments(text, { version: '1.1', uniqueKeys: false, lineCounter });
  const document = Array.isArray(documents) ? documents[0] : undefined;
  const error = document?.errors[0];
  if (error !== undefined) {
    const message = `Expected YAML or JSON, got: ${(error.message.split('\n')[0] ?? '').replace(/:$/u, '')}. The kubelet does not start with this file. Correct it at this line.`;
    throw new ConfigError(message, { path: file.path, line: error.linePos?.[0].line });
  }
  if (document === undefined || !isMap(document.contents)) {
    const found = isSeq(document?.contents) ? 'a list' : 'none';
    const message = `Expected a KubeletConfiguration, got ${found}. The kubelet does not start with this file. Restore its content.`;
    throw new ConfigError(message, { path: file.path, line: document === undefined ? undefined : 1 });
  }
  return document;
}

function isNodeWithRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

/** The order of filepath.WalkDir: names in byte order folder by folder, so `a/x.conf` comes before `a.conf`. */
function inWalkOrder(a: ConfigFile, b: ConfigFile): number {
  const [left, right] = [a.path.split('/'), b.path.split('/')];
  const differs = left.findIndex((name, index) => name !== right[index]);
  if (differs < 0) return left.length - right.length;
  return Buffer.compare(Buffer.from(left[differs] ?? ''), Buffer.from(right[differs] ?? ''));
}
