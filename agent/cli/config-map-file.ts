// Reads the ConfigMap from a manifest file, as the user is about to apply it.

import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { isMap, isNode, isScalar, type YAMLMap } from 'yaml';
import type { PolicyError } from '../policy/policy.ts';
import { asText, describe, isNothing, keyOf, textOf } from '../policy/yaml/yaml-nodes.ts';
import { parseYaml, type YamlText } from '../policy/yaml/yaml.ts';
import { errorText } from '../text/error-text.ts';
import { quote } from '../text/quote.ts';

// The API server accepts 1 MiB of data; indentation and comments make the file larger.
const LARGEST_FILE = 4 * 1024 * 1024;
// Parsing so many takes about a gigabyte, which a user's machine has.
const MOST_TOKENS = 1_000_000;
// Plain words that kubectl reads as booleans (YAML 1.1), while YAML 1.2 reads text.
const OLD_BOOLEAN = /^(yes|no|on|off|y|n)$/iu;

/** The file is not a readable ConfigMap. The message says why and how to fix it. */
export class ConfigMapFileError extends Error {
  readonly path: string;
  /** From 1; undefined when the error is about the whole file. */
  readonly line: number | undefined;

  constructor(path: string, line: number | undefined, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigMapFileError';
    this.path = path;
    this.line = line;
  }
}

/** Returns the error as one of the policy's, with its place in front. */
export function policyErrorOf({ path, line, message }: ConfigMapFileError): PolicyError {
  const place = line === undefined ? path : `${path}:${line}`;
  return { key: '', line: line ?? 1, message: `${place}: ${message}` };
}

/**
 * Returns the `data` of the ConfigMap in a YAML or JSON file; `-` is standard input. Throws a ConfigMapFileError when the
 * file cannot be read or holds anything but one ConfigMap whose data is text.
 */
export async function readConfigMapFile(path: string): Promise<Record<string, string>> {
  return parseConfigMap(await readText(path), path);
}

/** As readConfigMapFile, for text that is in memory; `path` appears only in errors. Throws a ConfigMapFileError. */
export function parseConfigMap(text: string, path: string): Record<string, string> {
  const yaml = parseYaml(text, MOST_TOKENS);
  const fail = failures(path, yaml);
  const [problem] = yaml.problems;
  if (problem !== undefined) {
    throw new ConfigMapFileError(path, problem.line, problem.message);
  }
  const [root, second] = yaml.roots;
  if (root === undefined) {
    throw fail(
      undefined,
      'Expected a ConfigMap, got an empty file; write apiVersion: v1, kind: ConfigMap and data.',
    );
  }
  if (second !== undefined) {
    throw fail(
      second,
      'Expected one ConfigMap, got several documents; put the ConfigMap in a separate file.',
    );
  }
  if (!isMap(root)) {
    throw fail(
      root,
      `Expected a ConfigMap, got ${describe(root)}; write apiVersion: v1, kind: ConfigMap and data.`,
    );
  }
  checkKind(root, fail);
  return dataOf(root, fail);
}

type Fail = (node: unknown, message: string) => ConfigMapFileError;

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw new ConfigMapFileError(
      path,
      undefined,
      `Expected a file that can be read, got ${errorText(error)}.`,
      {
        cause: error,
      },
    );
  }
  if (bytes.length > LARGEST_FILE) {
    throw new ConfigMapFileError(
      path,
      undefined,
      `Expected a ConfigMap, got a file of ${bytes.length} bytes; the API server accepts at most 1 MiB.`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigMapFileError(
      path,
      undefined,
      'Expected UTF-8 text, got other bytes; save the file as UTF-8.',
      {
        cause: error,
      },
    );
  }
}

function checkKind(root: YAMLMap, fail: Fail): void {
  for (const [field, expected] of [
    ['apiVersion', 'v1'],
    ['kind', 'ConfigMap'],
  ] as const) {
    const node = valueOf(root, field);
    if (textOf(node) !== expected) {
      throw fail(
        node ?? root,
        `Expected ${field} to be ${expected}, got ${describe(node)}; pass the file that holds the ConfigMap.`,
      );
    }
  }
}

function dataOf(root: YAMLMap, fail: Fail): Record<string, string> {
  const binary = valueOf(root, 'binaryData');
  if (!isNothing(binary) && !(isMap(binary) && binary.items.length === 0)) {
    throw fail(
      binary,
      'Expected everything in data, got binaryData, which is not read; move its keys to data as text.',
    );
  }
  const data = valueOf(root, 'data');
  if (isNothing(data)) {
    return {};
  }
  if (!isMap(data)) {
    throw fail(
      data,
      `Expected data to be a map, got ${describe(data)}; write 'key: value' lines below data.`,
    );
  }
  return Object.fromEntries(
    data.items.map((pair) => [keyOf(pair) ?? '', stringOf(pair.key, pair.value, fail)]),
  );
}

// The API server stores null as empty text and rejects every other value that is not text.
function stringOf(key: unknown, node: unknown, fail: Fail): string {
  const text = isNothing(node) ? '' : textOf(node);
  const name = quote(textOf(key) ?? '');
  if (text === undefined) {
    throw fail(
      node,
      `Expected data's ${name} to be text, got ${describe(node)}; ${isMap(node) ? "write '|' after the key" : asText(node)}.`,
    );
  }
  if (OLD_BOOLEAN.test(text) && isPlain(node)) {
    throw fail(
      node,
      `Expected data's ${name} to be text, got ${text}, which kubectl reads as a boolean; put it in quotes: '${text}'.`,
    );
  }
  return text;
}

function valueOf(map: YAMLMap, field: string): unknown {
  return map.items.find((pair) => keyOf(pair) === field)?.value;
}

function isPlain(node: unknown): boolean {
  return isScalar(node) && node.type === 'PLAIN';
}

function failures(path: string, yaml: YamlText): Fail {
  return (node, message) =>
    new ConfigMapFileError(path, isNode(node) ? yaml.lineOf(node) : undefined, message);
}
