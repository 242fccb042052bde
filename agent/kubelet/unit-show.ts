// Parses the output of `systemctl show kubelet.service` into the unit's properties.

import { quote } from '../text/quote.ts';
import { readQuotedWords, UNPRINTABLE } from './quoted-words.ts';

/** The properties of a unit that decide how its kubelet starts, variables unexpanded. */
export interface ShownUnit {
  readonly name: string;
  /** The words of `ExecStart`. systemctl prints them unquoted, so a word with a space in it becomes two. */
  readonly execStart: readonly string[];
  /** Each `KEY=value`, without the entries that are hidden in the text. */
  readonly environment: readonly string[];
  /** The number of entries of `Environment=` that old systemd printed as `[unprintable]`. */
  readonly hiddenVariables: number;
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  /** The commands of `ExecStartPre`. */
  readonly startPre: readonly string[];
  /** The unit's own files, the drop-ins last; empty where the text does not name them. */
  readonly unitFiles: readonly string[];
  /** From the manager's `Version=`; undefined when the text does not have it. */
  readonly systemdVersion: number | undefined;
}

/** The text does not show a unit that the agent can plan for. */
export class UnitShowError extends Error {
  override readonly name = 'UnitShowError';
  /** `unreconcilable`: systemd starts no kubelet here. `refused`: a person must fix the unit, or the text. */
  readonly kind: 'unreconcilable' | 'refused';
  /** From 1; undefined when the error is about the text as a whole. */
  readonly line: number | undefined;

  constructor(message: string, kind: UnitShowError['kind'], line?: number) {
    super(message);
    this.kind = kind;
    this.line = line;
  }
}

interface Property {
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

const USUAL_NAME = 'kubelet.service';

/**
 * Reads the output of `systemctl show UNIT`, whole or with `-p`, of one unit. Other properties are ignored. Mirrors
 * print_property (systemd src/systemctl/systemctl-show.c) and bus_print_property (src/shared/bus-print-properties.c).
 *
 * @throws UnitShowError when the text shows no unit, more than one, or one that systemd cannot start.
 */
export function parseUnitShow(text: string): ShownUnit {
  const properties = propertiesOf(text);
  const id = only(properties, 'Id');
  const name = id?.value ?? USUAL_NAME;
  expectLoaded(name, only(properties, 'LoadState'));
  const environment = wordsOf(only(properties, 'Environment'));
  return {
    name,
    execStart: execStart(name, properties),
    environment: environment.filter(isShown),
    hiddenVariables: environment.filter((word) => !isShown(word)).length,
    // Old systemd prints EnvironmentFile=.
    environmentFiles: properties
      .filter(({ key }) => key === 'EnvironmentFiles' || key === 'EnvironmentFile')
      .map(environmentFile),
    startPre: properties.flatMap(({ key, value }) =>
      key === 'ExecStartPre' ? (EXEC.exec(value)?.[1] ?? []) : [],
    ),
    unitFiles: [
      only(properties, 'FragmentPath')?.value ?? '',
      ...wordsOf(only(properties, 'DropInPaths')),
    ].filter((path) => path !== '' && isShown(path)),
    systemdVersion: versionIn(only(properties, 'Version')),
  };
}

function isShown(word: string): boolean {
  return word !== UNPRINTABLE;
}

function propertiesOf(text: string): readonly Property[] {
  return text.split(/\r?\n/u).flatMap((content, index) => {
    const [, key, value] = /^([A-Za-z]\w*)=(.*)$/su.exec(content) ?? [];
    return key === undefined || value === undefined ? [] : [{ key, value, line: index + 1 }];
  });
}

/** Returns a property that a unit has once; throws a UnitShowError when it is there twice. */
function only(properties: readonly Property[], key: string): Property | undefined {
  const [first, second] = properties.filter((property) => property.key === key);
  if (second === undefined) return first;
  throw new UnitShowError(
    `Expected the properties of one unit, found ${key}= in line ${first?.line} and again here. ` +
      `Keep only what systemctl show ${USUAL_NAME} prints.`,
    'refused',
    second.line,
  );
}

function expectLoaded(name: string, loadState: Property | undefined): void {
  if (loadState === undefined || loadState.value === 'loaded') return;
  if (loadState.value === 'not-found') {
    throw new UnitShowError(
      `Expected a systemd unit ${name}, found none (LoadState=not-found). ` +
        'Something else starts the kubelet on this node. Set the allowed unsafe sysctls there.',
      'unreconcilable',
      loadState.line,
    );
  }
  throw new UnitShowError(
    `Expected ${name} to be loaded, found LoadState=${loadState.value}. systemd does not start it. ` +
      `Run systemctl status ${name} for the reason.`,
    'refused',
    loadState.line,
  );
}

/** Greedy up to the last ` ; ignore_errors=`: the argv may hold the same text. */
const EXEC = /^\{ path=.*? ; argv\[\]=(.*) ; ignore_errors=(?:yes|no) ; .*\}\s*$/su;

function execStart(name: string, properties: readonly Property[]): readonly string[] {
  const [first, second] = properties.filter(({ key }) => key === 'ExecStart');
  if (first === undefined) {
    throw new UnitShowError(
      `Expected a line ExecStart={ path=… ; argv[]=… }, found ${keysText(properties)}. ` +
        `Pass the whole output of systemctl show ${USUAL_NAME}.`,
      'refused',
    );
  }
  if (second !== undefined) {
    throw new UnitShowError(
      `Expected one ExecStart= in ${name}, found another. systemd starts such a unit only with Type=oneshot. ` +
        'Pass the output for one unit, or begin the last drop-in with an empty ExecStart=.',
      'refused',
      second.line,
    );
  }
  const argv = EXEC.exec(first.value)?.[1];
  if (argv === undefined) {
    throw new UnitShowError(
      `Expected ExecStart={ path=… ; argv[]=… ; ignore_errors=… }, found ${quote(first.value)}. ` +
        'Pass the output of systemctl show, not a unit file.',
      'refused',
      first.line,
    );
  }
  return argv.split(' ');
}

function keysText(properties: readonly Property[]): string {
  const keys = [...new Set(properties.map(({ key }) => key))];
  return keys.length === 0 ? 'no line KEY=value' : `only ${quote(keys.join(', '))}`;
}

function environmentFile({ value, line }: Property): ShownUnit['environmentFiles'][number] {
  const [, path, ignored] = /^(\/.*) \(ignore_errors=(yes|no)\)\s*$/su.exec(value) ?? [];
  if (path === undefined) {
    throw new UnitShowError(
      `Expected EnvironmentFiles=/path (ignore_errors=yes or no), found ${quote(value)}. ` +
        'Pass the output of systemctl show, not a unit file.',
      'refused',
      line,
    );
  }
  return { path, optional: ignored === 'yes' };
}

function wordsOf(property: Property | undefined): readonly string[] {
  if (property === undefined) return [];
  const { words, rest } = readQuotedWords(property.value);
  if (rest === '') return words;
  throw new UnitShowError(
    `Expected ${property.key}= to be words, those with blanks in double quotes, found ${quote(rest)}. ` +
      'Pass the output of systemctl show unchanged.',
    'refused',
    property.line,
  );
}

function versionIn(property: Property | undefined): number | undefined {
  const digits = /^v?(\d+)/u.exec(property?.value ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
