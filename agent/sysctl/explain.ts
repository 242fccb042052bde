// Messages that say why a kubelet refuses an allowance and how to fix it.

import { closest } from '../text/closest.ts';
import { anyOf, quote } from '../text/quote.ts';
import { isNamespaced, knownTo, namespacedAllowances, namespacedBelow } from './namespaces.ts';
import { formatVersion, NEWEST_KUBELET, type Version } from './version.ts';

/**
 * The messages about one item of a list, by what is wrong. `got` is the item in quotes. The admission policy of the ConfigMap
 * (scripts/admission/) says the same words.
 */
export const ITEM_MESSAGES = {
  empty:
    'Expected a sysctl name, got an empty item. The kubelet does not start with it. Remove the extra comma or write the name.',
  tooLong: (got: string, longestBytes: number): string =>
    `Expected a sysctl name of at most ${longestBytes} characters, got ${got}. Write each name on its own line, or a shorter pattern that ends in *.`,
  grammar: (got: string, fix: string): string =>
    `Expected a sysctl name such as net.core.somaxconn, or a pattern such as net.ipv4.tcp_*, got ${got}. ${fix}.`,
  everything: (got: string): string =>
    `Expected namespaced sysctls, got ${got}, which is too wide: it covers others too. Name what the pods need, such as net.*, kernel.shm* or kernel.msg*.`,
  above: (got: string, isPattern: boolean, below: string): string =>
    `Expected namespaced sysctls, got ${got}${isPattern ? ', which is too wide: it covers others too' : ''}. Name ${below}.`,
  notNamespaced: (got: string): string =>
    `Expected a namespaced sysctl, got ${got}, which is not namespaced. No kubelet can allow it to a pod. Remove it here and set it on the node itself.`,
} as const;

/** What is wrong with a text that is no name, and how to correct it. */
export const GRAMMAR_FIXES = {
  lowercase: (name: string): string => `The kubelet accepts lowercase letters only. Write ${name}`,
  flag: (name: string): string => `Write the name alone: ${name}`,
  flagOfMany: 'Write the names alone, without the flag',
  other:
    'The kubelet accepts lowercase letters, digits, - and _ in parts that are separated by . or /, and * as the last character only',
} as const;

/** Returns the message for a text that is neither a sysctl name nor a pattern. */
export function explainGrammar(
  text: string,
  longestBytes: number,
  isPattern: (text: string) => boolean,
): string {
  if (text === '') {
    return ITEM_MESSAGES.empty;
  }
  if (new TextEncoder().encode(text).length > longestBytes) {
    return ITEM_MESSAGES.tooLong(quote(text), longestBytes);
  }
  return ITEM_MESSAGES.grammar(quote(text), grammarFix(text, isPattern));
}

/** Returns the message for a pattern whose stem (the part before `*`) is not namespaced according to this kubelet. */
export function explainNamespace(pattern: string, stem: string, kubelet: Version): string {
  const shown = quote(pattern);
  if (isNamespaced(stem, knownTo(NEWEST_KUBELET))) {
    return `Expected a sysctl that is namespaced for kubelet ${formatVersion(kubelet)}, got ${shown}, which is only from 1.37 on. That kubelet does not start with it. Upgrade the node, or name it in a profile for nodes with a newer kubelet.`;
  }
  if (stem === '') {
    return ITEM_MESSAGES.everything(shown);
  }
  const below = namespacedBelow(stem, knownTo(kubelet));
  if (below.length > 0) {
    return ITEM_MESSAGES.above(shown, pattern.endsWith('*'), anyOf(below));
  }
  const meant = closest(stem, namespacedAllowances(knownTo(kubelet)), 2);
  return meant === undefined
    ? ITEM_MESSAGES.notNamespaced(shown)
    : `Expected a namespaced sysctl, got ${shown}. Did you mean ${meant}?`;
}

function grammarFix(text: string, isPattern: (text: string) => boolean): string {
  const lower = text.toLowerCase();
  if (lower !== text && isPattern(lower)) {
    return GRAMMAR_FIXES.lowercase(lower);
  }
  if (FLAG.test(text)) {
    const name = text.replace(FLAG, '').replace(AFTER_FLAG, '');
    return isPattern(name) ? GRAMMAR_FIXES.flag(name) : GRAMMAR_FIXES.flagOfMany;
  }
  const found = COMMON_MISTAKES.find(([mistake]) => mistake.test(text));
  return found?.[1] ?? GRAMMAR_FIXES.other;
}

/** The kubelet's flag or the field of its configuration before the name, as people paste them, quotes and brackets included. */
export const FLAG = /^[-[\s"'`]*(?:[a-z.-]+\.)?allowed-?unsafe-?sysctls["'`]*\s*[=:\s]["'`[\s]*/iu;

/** What may stand after the name that follows a flag. */
export const AFTER_FLAG = /[\s"'`\]]+$/u;

/** The first that matches says how to correct the text. */
export const COMMON_MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/[^ -~\s]/u, 'It has a character that is not ASCII, perhaps an invisible one. Type the name again'],
  [/^-\s/u, 'Remove the dash. Write one name a line'],
  [/[=:]/u, "Write the name alone. Its value belongs in the pod's securityContext.sysctls"],
  [/["'`]/u, 'Remove the quotes'],
  [/,/u, 'Name one sysctl in each item'],
  [/\s/u, 'Names have no spaces. Write one name a line, or separate them by commas'],
  [/\*./u, 'A * may only be the last character'],
  [/[./]{2}/u, 'It has two separators side by side. Remove one'],
  [/^[./]/u, 'A name does not begin with a separator. Remove it'],
  [/[./]$/u, 'A name does not end with a separator. Remove it, or add * for everything below it'],
  [/[-_]([./]|$)|(^|[./])[-_]/u, 'Each part must begin and end with a letter or a digit'],
];
