// The answer of `why` as text.

import { CONFIG_MAP } from '../../../names.ts';
import { count } from '../../../text/count.ts';
import { someNames } from '../../../text/names.ts';
import { printable } from '../../../text/quote.ts';
import { wrap } from '../../../text/wrap.ts';
import type { Colors } from '../../colors.ts';
import type { Edit } from './edit.ts';
import type { Takes } from './judge.ts';
import type { SysctlAnswer, WhyView } from './types.ts';

const LONGEST = 1000;
const MARKS: Readonly<Record<Takes, string>> = { now: '✓', later: '…', unknown: '?', no: '✗' };

/** Returns the answer, each sysctl with its nodes, the edit and the notes. Wraps at `width`; no newline at the end. */
export function whyText(
  view: WhyView,
  to: { readonly namespace: string; readonly width: number },
  colors: Colors,
): string {
  const width = Math.min(to.width, 120);
  const paint = view.canRun ? colors.green : colors.red;
  const paragraphs = [
    [
      ...subjectLines(view, width, colors),
      ...wrapped(view.answer, width).map(paint),
      ...leftOutLines(view, width),
    ],
    ...view.sysctls.map((sysctl) => sysctlLines(sysctl, width, colors)),
    view.edit === undefined ? [] : editLines(view.edit, to.namespace, width, colors),
    view.notes.flatMap((note) => wrapped(note, width)).map((line) => colors.yellow(line)),
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function subjectLines({ subject, sysctls }: WhyView, width: number, colors: Colors): readonly string[] {
  const { kind, namespace, name, pod } = subject;
  const title =
    namespace === undefined
      ? `${kind} ${printable(sysctls[0]?.name ?? name)}`
      : `${kind} ${namespace}/${name}`;
  if (pod === undefined) return [colors.bold(title)];
  const where = pod.node === undefined ? 'not scheduled' : `on ${pod.node}`;
  const why = [pod.reason, pod.message].filter((text) => text !== '').join(': ');
  const status = `${pod.phase}, ${where}${why === '' ? '' : `; ${why}`}`;
  return [colors.bold(title), ...indented(status, width, 2)];
}

function leftOutLines({ leftOut }: WhyView, width: number): readonly string[] {
  return leftOut.length === 0
    ? []
    : wrapped(
        `Its node selector or affinity leaves out ${count(leftOut.length, 'node')}: ${someNames(leftOut, width)}`,
        width,
      );
}

function sysctlLines(sysctl: SysctlAnswer, width: number, colors: Colors): readonly string[] {
  const { name, safe, never, refusedByPodSecurity, groups } = sysctl;
  const title = `${colors.bold(printable(name))}: ${never === undefined ? safe : 'cannot be set'}`;
  return [
    title,
    ...(never === undefined ? [] : indented(/[.?]$/u.test(never) ? never : `${never}.`, width, 4)),
    ...(refusedByPodSecurity === undefined
      ? []
      : indented(`Pod Security ${refusedByPodSecurity} refuses it.`, width, 4)),
    ...groups.flatMap(({ takes, nodes, reason }) => {
      const paint = { now: colors.green, later: colors.yellow, unknown: colors.yellow, no: colors.red }[
        takes
      ];
      const number = nodes.length === 1 ? '' : `${count(nodes.length, 'node')}: `;
      return [
        `  ${paint(MARKS[takes])} ${number}${someNames(nodes, width - 4 - number.length)}`,
        ...indented(reason, width, 4),
      ];
    }),
  ];
}

function editLines(
  { key, profile, lines }: Edit,
  namespace: string,
  width: number,
  colors: Colors,
): readonly string[] {
  const many = lines.length === 1 ? 'this line' : 'these lines';
  const where =
    profile === undefined
      ? `the key ${key}`
      : `allowedUnsafeSysctls of profile ${profile}, in the key ${key}`;
  return [
    // Not wrapped, so that it can be copied.
    `To allow it: kubectl -n ${printable(namespace)} edit configmap ${CONFIG_MAP}`,
    ...wrapped(`and add ${many} to ${where}:`, width),
    ...lines.map((line) => colors.green(`    ${printable(line)}`)),
  ];
}

function wrapped(text: string, width: number): readonly string[] {
  return wrap(printable(text.replaceAll(/\s+/gu, ' '), LONGEST), width);
}

function indented(text: string, width: number, by: number): readonly string[] {
  return wrapped(text, width - by).map((line) => `${' '.repeat(by)}${line}`);
}
