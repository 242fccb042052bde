// Why a kubelet refuses an allowance, in words that tell a person how to mend it.

import { closest } from '../text/closest.ts';
import { anyOf, quote } from '../text/quote.ts';
import { isNamespaced, knownTo, namespacedAllowances, namespacedBelow } from './namespaces.ts';
import { formatVersion, NEWEST_KUBELET, type Version } from './version.ts';

/** Explains a text that is no sysctl name and no pattern at all. */
export function explainGrammar(
  text: string,
  longestBytes: number,
  isPattern: (text: string) => boolean,
): string {
  if (text === '') {
    return 'Expected a sysctl name, got an empty item: the kubelet does not start with one; remove the extra comma or write the name.';
  }
  if (new TextEncoder().encode(text).length > longestBytes) {
    return `Expected a sysctl name of at most ${longestBytes} characters, got ${quote(text)}; write each name on its own line, or a shorter pattern that ends in *.`;
  }
  return `Expected a sysctl name such as net.core.somaxconn, or a pattern such as net.ipv4.tcp_*, got ${quote(text)}: ${grammarMend(text, isPattern)}.`;
}

/** Explains a pattern whose stem (what stands before `*`) this kubelet does not know to be namespaced. */
export function explainNamespace(pattern: string, stem: string, kubelet: Version): string {
  const shown = quote(pattern);
  if (isNamespaced(stem, knownTo(NEWEST_KUBELET))) {
    return `${shown} is not known to be namespaced to kubelet ${formatVersion(kubelet)}, only from 1.37 on: that kubelet does not start with it; upgrade the node, or name it in a profile for nodes with a newer kubelet.`;
  }
  const below = namespacedBelow(stem, knownTo(kubelet));
  if (stem === '') {
    return `${shown} is too wide: not every sysctl is namespaced; name what the pods need, such as net.*, kernel.shm* or kernel.msg*.`;
  }
  if (below.length > 0) {
    const why = pattern.endsWith('*') ? 'too wide: not all that it takes is' : 'not';
    return `${shown} is ${why} known to be namespaced; name ${anyOf(below)}.`;
  }
  const meant = closest(stem, namespacedAllowances(knownTo(kubelet)), 2);
  if (meant !== undefined) {
    return `${shown} is not known to be namespaced; did you mean ${meant}?`;
  }
  return `${shown} is not namespaced: no kubelet can allow it to a pod; remove it here and set it on the node itself.`;
}

function grammarMend(text: string, isPattern: (text: string) => boolean): string {
  const lower = text.toLowerCase();
  if (lower !== text && isPattern(lower)) {
    return `the kubelet takes lowercase letters only; write ${lower}`;
  }
  const found = COMMON_MISTAKES.find(([mistake]) => mistake.test(text));
  return (
    found?.[1] ??
    'the kubelet takes lowercase letters, digits, - and _ in parts that are separated by . or /, and * as the last character only'
  );
}

const COMMON_MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/[^ -~\s]/u, 'it has a character that is not ASCII, perhaps an invisible one; type the name anew'],
  [/^-\s/u, 'leave out the dash; write one name a line'],
  [/[=:]/u, "write the name alone; its value goes into the pod's securityContext.sysctls"],
  [/["'`]/u, 'leave out the quotes'],
  [/,/u, 'name one sysctl in each item'],
  [/\s/u, 'names have no spaces; write one name a line, or separate them by commas'],
  [/\*./u, '* may only be the last character'],
  [/[./]{2}/u, 'two separators stand side by side; remove one'],
  [/^[./]/u, 'a name does not begin with a separator; remove it'],
  [/[./]$/u, 'a name does not end with a separator; remove it, or add * for everything below it'],
  [/[-_]([./]|$)|(^|[./])[-_]/u, 'each part begins and ends with a letter or a digit'],
];
