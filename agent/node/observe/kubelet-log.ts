// The line of the kubelet's log that says why it ended.

const KLOG_FATAL = /^[EF]\d{4} /u;
/** Severity, time and process id: they differ at every start of a crash loop. */
const KLOG_HEADER = /^[EF]\d{4} [\d:.]+ +\d+ /u;
const MAX_LENGTH = 500;

/**
 * Returns the kubelet's error line among the lines of its journal, oldest first: the last klog line with
 * `command failed`, else the last that begins as cobra's or Go's errors do, else the last error line of klog.
 * undefined when no line looks like an error.
 */
export function kubeletErrorLine(lines: readonly string[]): string | undefined {
  const line =
    lines.findLast((text) => KLOG_FATAL.test(text) && text.includes('command failed')) ??
    lines.findLast((text) => /^(?:Error:|panic:|fatal error:)/u.test(text)) ??
    lines.findLast((text) => KLOG_FATAL.test(text)) ??
    lines.findLast((text) => /error|failed/iu.test(text));
  return line?.replace(KLOG_HEADER, '').slice(0, MAX_LENGTH);
}
