// Kubernetes' grammar of labels. Mirrors IsQualifiedName and IsValidLabelValue in k8s.io/apimachinery
// pkg/util/validation/validation.go.

import { quote } from '../text/quote.ts';

export const WORD = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/u;
export const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/u;
export const LONGEST_WORD = 63;
export const LONGEST_DOMAIN = 253;

/** The messages, with the text in quotes. */
export const LABEL_MESSAGES = {
  key: (got: string): string =>
    `Expected a label key such as kubernetes.io/os or pool, got ${got}. Write the key as 'kubectl get nodes --show-labels' shows it.`,
  value: (got: string): string =>
    `Expected a label value of at most ${LONGEST_WORD} letters, digits, '-', '_' and '.', got ${got}. Write the value as 'kubectl get nodes --show-labels' shows it.`,
} as const;

/** Returns why this is not a valid label key and how to fix it; undefined when it is valid. */
export function labelKeyProblem(key: string): string | undefined {
  const [name = '', domain, ...rest] = key.split('/').toReversed();
  const isKey = rest.length === 0 && isWord(name) && (domain === undefined || isDomain(domain));
  return isKey ? undefined : LABEL_MESSAGES.key(quote(key));
}

/** Returns why this is not a valid label value and how to fix it; undefined when it is valid. */
export function labelValueProblem(value: string): string | undefined {
  return value === '' || isWord(value) ? undefined : LABEL_MESSAGES.value(quote(value));
}

function isWord(text: string): boolean {
  return text.length <= LONGEST_WORD && WORD.test(text);
}

function isDomain(text: string): boolean {
  return text.length <= LONGEST_DOMAIN && DOMAIN.test(text);
}
