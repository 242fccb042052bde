// The configuration that a kubelet from 1.37 on logs at its start, all files and flags merged.

import { ConfigError, readKubeletConfig } from './config.ts';

const TITLE = 'Effective KubeletConfiguration';

/**
 * Returns the list in force that a kubelet logged, from the lines of its journal, oldest first; undefined when it logged none. Mirrors
 * marshalKubeletConfigForLog (kubernetes cmd/kubelet/app/server.go) and the text and JSON formats of klog.
 */
export function effectiveAllowances(lines: readonly string[]): readonly string[] | undefined {
  const at = lines.findLastIndex((line) => line.includes(TITLE));
  const text = at < 0 ? undefined : (textIn(lines, at) ?? jsonIn(lines[at] ?? ''));
  if (text === undefined) return undefined;
  try {
    const config = { path: 'the log of the kubelet', content: Buffer.from(text) };
    return readKubeletConfig({ config, dropIns: [] }).allowedUnsafeSysctls;
  } catch (error) {
    // Lines are missing, or the format is a later one.
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** klog writes a value of several lines as `config=<`, the lines after a tab each, and ` >`. */
function textIn(lines: readonly string[], at: number): string | undefined {
  if (lines[at]?.endsWith('config=<') !== true) return undefined;
  const end = lines.indexOf(' >', at);
  if (end < 0) return undefined;
  return lines
    .slice(at + 1, end)
    .map((line) => line.replace(/^\t/u, ''))
    .join('\n');
}

function jsonIn(line: string): string | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    const config = new Map<string, unknown>(Object.entries(entry ?? {})).get('config');
    return typeof config === 'string' ? config : undefined;
  } catch {
    return undefined;
  }
}
