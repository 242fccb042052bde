// Removes the agent's flag from a text and keeps what others wrote.

const OUR_FLAG = / ?--allowed-unsafe-sysctls=[^\s"']*/gu;

export function withoutFlag(text: string): string {
  return text.replaceAll(OUR_FLAG, '');
}

/** For comparisons: an agent that adds a second word to a value may have to quote it, and adds the variable where there is none. */
export function withoutOurFlag(text = ''): string {
  return withoutFlag(text)
    .replaceAll(/["']/gu, '')
    .replaceAll(/^KUBELET_EXTRA_ARGS=\n/gmu, '');
}
