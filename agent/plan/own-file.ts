// Which environment files are the kubelet's own, so that the agent may write to them.

import { posix } from 'node:path';
import type { ParsedEnvironmentFile } from '../kubelet/environment/environment.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import { literalPattern } from '../text/pattern.ts';

/**
 * Returns why the agent does not write `variable` to this file, as the end of the sentence `PATH …`; undefined when the file is the
 * kubelet's own and survives a reboot.
 */
export function whyNotOwn(
  { file, document }: ParsedEnvironmentFile,
  variable: string,
  { startPre = [] }: KubeletUnit,
): string | undefined {
  if (file.isCopy === true) return undefined;
  const assigned = document?.assignments ?? [];
  const isAssigned = assigned.some(({ key }) => key === variable);
  if (/\s[#;]/u.test(file.path)) return 'has a comment in its path, which systemd reads as part of the name';
  if (/[\s#;]/u.test(file.path) && file.content === undefined)
    return 'has a blank or a comment in its path and does not exist';
  if (file.fromGlob && !isAssigned) return 'is a match of a pattern';

  const path = posix.normalize(file.path).replace(/^\/\//u, '/');
  const behind = file.leadsTo ?? path;
  const inPlace = whyNotInPlace(path) ?? (behind === path ? undefined : whyNotInPlace(behind));
  if (inPlace !== undefined) return behind === path ? inPlace : `leads to ${behind} and ${inPlace}`;
  if (startPre.some((command) => writesWhole(command, file.path))) {
    return 'is written by ExecStartPre= at every start';
  }
  const isKubelets =
    path.includes('kubelet') ||
    isAssigned ||
    (assigned.length > 0 && assigned.every(({ key }) => key.startsWith('KUBELET')));
  return isKubelets ? undefined : 'holds nothing of the kubelet';
}

/** Gone or empty after a reboot. */
const VOLATILE = /^\/(?:run|var\/run|tmp|var\/tmp|dev(?!\/null$)|proc|sys|var\/volatile)\//u;
/** Replaced when a package or the system's image is. */
const PACKAGED = /^\/(?:usr\/(?!local\/)|lib\/|nix\/store\/|snap\/)/u;
const SHARED =
  /^\/etc\/(?:environment|environment\.d\/.*|profile|profile\.d\/.*|locale\.conf|hostname|proxy[^/]*|bash[^/]*|[^/]*-release)$/u;
/** Each file of these folders belongs to the service of that name. */
const OF_A_SERVICE = /^\/etc\/(?:default|sysconfig)\/(?!.*(?:kube|k8s))/u;

function whyNotInPlace(path: string): string | undefined {
  if (path.endsWith('/kubeadm-flags.env')) return 'is rewritten by kubeadm at every upgrade';
  if (VOLATILE.test(path)) return 'does not survive a reboot';
  if (SHARED.test(path)) return 'is shared with other programs';
  if (OF_A_SERVICE.test(path)) return 'belongs to another service';
  return PACKAGED.test(path) ? 'is replaced with its package' : undefined;
}

/** True when the command replaces the whole file. One that appends to it, or edits it, keeps the agent's flag. */
function writesWhole(command: string, path: string): boolean {
  const file = String.raw`["'\\]*${literalPattern(path)}(?![\w./-])`;
  const ways = [
    String.raw`(?:^|[^>])>\|?\s*${file}`,
    String.raw`\btee\s+(?!-a|--append)(?:-\S+\s+)*${file}`,
    String.raw`\b(?:cp|mv|ln|install|rsync|envsubst)\b[^;&|]*\s${file}["'\\\s]*(?:$|[;&|])`,
    String.raw`(?:\s-[oO]\s*|--output(?:-document)?[=\s]|\bof=)${file}`,
  ];
  return ways.some((way) => new RegExp(way, 'u').test(command));
}
