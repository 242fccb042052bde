// Units as `systemctl show` prints them.

import { invalidUtf8, toByteString } from '../../agent/kubelet/environment/bytes.ts';

export interface UnitProperties {
  readonly name?: string;
  readonly execStart: readonly string[];
  /** The words of each ExecStartPre=. */
  readonly startPre?: readonly (readonly string[])[];
  readonly environment?: readonly string[];
  /** `-` before the path: the unit starts without the file. */
  readonly environmentFiles?: readonly string[];
  readonly fragmentPath?: string;
  readonly dropInPaths?: readonly string[];
}

/** The output of `systemctl show`, with some of the properties that a plan does not need. */
export function systemctlShow(unit: UnitProperties): string {
  const { name = 'kubelet.service', environment = [], environmentFiles = [], dropInPaths = [] } = unit;
  const startPre = (unit.startPre ?? []).map(execStart);
  return [
    'Type=simple',
    'Restart=always',
    'ExecMainStartTimestamp=Sat 2026-11-28 20:59:59 UTC',
    ...startPre.map((command) => `ExecStartPre=${command}`),
    ...startPre.map((command) => `ExecStartPreEx=${command}`),
    `ExecStart=${execStart(unit.execStart)}`,
    `ExecStartEx=${execStart(unit.execStart).replace('ignore_errors=no', 'flags=')}`,
    'Slice=system.slice',
    ...(environment.length === 0 ? [] : [`Environment=${quoted(environment)}`]),
    ...environmentFiles.map((file) =>
      file.startsWith('-')
        ? `EnvironmentFiles=${file.slice(1)} (ignore_errors=yes)`
        : `EnvironmentFiles=${file} (ignore_errors=no)`,
    ),
    `Id=${name}`,
    `Names=${name}`,
    'Description=kubelet: The Kubernetes Node Agent',
    'LoadState=loaded',
    'ActiveState=active',
    `FragmentPath=${unit.fragmentPath ?? '/usr/lib/systemd/system/kubelet.service'}`,
    ...(dropInPaths.length === 0 ? [] : [`DropInPaths=${quoted(dropInPaths)}`]),
    'NeedDaemonReload=no',
    '',
  ].join('\n');
}

/** One ExecStart, as print_property prints it (systemd src/systemctl/systemctl-show.c). */
export function execStart(argv: readonly string[]): string {
  return (
    `{ path=${argv[0] ?? ''} ; argv[]=${argv.join(' ')} ; ignore_errors=no ; ` +
    'start_time=[Sat 2026-11-28 20:59:59 UTC] ; stop_time=[n/a] ; pid=812 ; code=(null) ; status=0/0 }'
  );
}

/** An array of strings, as bus_print_property prints it (systemd src/shared/bus-print-properties.c). */
export function quoted(strings: readonly string[]): string {
  return strings.map(shellMaybeQuote).join(' ');
}

const NEED_QUOTES = /[ \t\n\r"\\`$*?['()<>|&;!]/u;
const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': 'a',
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
};

/** shell_maybe_quote with no flags (systemd src/basic/escape.c, 252). */
function shellMaybeQuote(text: string): string {
  const characters = Array.from(text);
  if (!characters.some((character) => NEED_QUOTES.test(character) || isUnprintable(character))) return text;
  return `"${characters.map(escape).join('')}"`;
}

function escape(character: string): string {
  if (isUnprintable(character)) {
    const short = ESCAPES[character];
    return short === undefined
      ? Array.from(toByteString(Buffer.from(character)), octal).join('')
      : `\\${short}`;
  }
  return /["\\`$]/u.test(character) ? `\\${character}` : character;
}

function isUnprintable(character: string): boolean {
  return (
    character < ' ' || character === '\x7f' || invalidUtf8(toByteString(Buffer.from(character))) !== undefined
  );
}

function octal(byte: string): string {
  return `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
