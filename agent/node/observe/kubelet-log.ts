// The line of the kubelet's log that says why it ended.

import { steadyLine } from '../../text/steady.ts';

const KLOG_FATAL = /^[EF]\d{4} /u;
/** What a kubelet, cobra or Go prints as the last thing before it ends. */
const ENDINGS: readonly ((line: string) => boolean)[] = [
  (line) => KLOG_FATAL.test(line) && line.includes('command failed'),
  (line) => /^(?:Error:|panic:|fatal error:|F\d{4} )/u.test(line),
];
/** Where the kubelet itself failed, an error line is the likely cause. */
const LIKELY: readonly ((line: string) => boolean)[] = [
  (line) => KLOG_FATAL.test(line),
  (line) => /error|failed/iu.test(line),
];
/** Values of systemd's Result for a process that itself failed. */
const OWN_FAILURES = ['exit-code', 'core-dump'];

/**
 * Returns the kubelet's own error among the lines of its journal, oldest first, in a form that is the same for every start that fails so.
 * `result`: systemd's Result for this start. A kubelet that another program ended, or that runs, may have logged errors that did not end
 * it: then only a line counts with which a kubelet ends. undefined when there is none.
 */
export function kubeletErrorLine(lines: readonly string[], result: string): string | undefined {
  const kinds = OWN_FAILURES.includes(result) ? [...ENDINGS, ...LIKELY] : ENDINGS;
  for (const isKind of kinds) {
    const line = lines.findLast(isKind);
    if (line !== undefined) {
      return steadyLine(line);
    }
  }
  return undefined;
}
