// Leaves secrets and addresses out of texts that people publish. Pure.

import { isIP, isIPv6 } from 'node:net';

/** Leaves out what may be a secret or an address; the same address gets the same number in all texts of one report. */
export type Redact = (text: string) => string;

const SECRET = '[left out]';

/** What looks like a secret, and what stays of it. The order counts: the first ones are the widest. */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z0-9 ]+-----(?:[^-]*-----END [A-Z0-9 ]+-----)?/gu, SECRET],
  // A JSON web token, such as a ServiceAccount's: two or three parts in base64url.
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/gu, SECRET],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/giu, `$1 ${SECRET}`],
  // The user of a URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/giu, `$1${SECRET}@`],
  // key=value, key: value and "key":"value", also with escaped quotes inside JSON.
  [
    /((?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|authorization|cookie)[\w-]*\\*["']?\s*[:=]\s*)(?!\[left out\])(?:\\*"(?:[^"\\]|\\[^"])*\\*"|'[^']*'|[^\s,;&}"'\\]+)/giu,
    `$1${SECRET}`,
  ],
  // Keys of providers, by their prefixes.
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}/gu, SECRET],
  // Long base64 and hexadecimal texts are keys more often than anything that helps.
  [/(?<!sha256:)(?<![\w+/=-])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[\w+/-]{40,}={0,2}(?![\w+/=-])/gu, SECRET],
];

const IPV4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d]|\.\d)/gu;
/** A node's name or a host name made of its address, as cloud providers give them. */
const DASHED = /(?<=\bip-|\bnode-|\bhost-)(?:\d{1,3}-){3}\d{1,3}(?!\d)/giu;
const IPV6 = /(?<![\w:.])[\da-f]{0,4}(?::[\da-f]{0,4}){2,8}(?:(?:\d{1,3}\.){3}\d{1,3})?(?:%\w+)?(?![\w:])/giu;

/** Returns a function that leaves out secrets and replaces each address by its number. */
export function redactor(): Redact {
  const addresses = new Map<string, string>();
  const numbered = (address: string): string => {
    const known = addresses.get(address) ?? `[address ${addresses.size + 1}]`;
    addresses.set(address, known);
    return known;
  };
  return (text) =>
    SECRETS.reduce((sofar, [pattern, replacement]) => sofar.replaceAll(pattern, replacement), text)
      .replaceAll(IPV6, (found) => (isAddress6(found) ? numbered(found.toLowerCase()) : found))
      .replaceAll(IPV4, (found) => (isIP(found) === 4 ? numbered(found) : found))
      .replaceAll(DASHED, (found) => {
        const dotted = found.replaceAll('-', '.');
        return isIP(dotted) === 4 ? numbered(dotted) : found;
      });
}

/** Two colons alone are no address that says anything. */
function isAddress6(text: string): boolean {
  return text.length > 2 && isIPv6(text);
}
