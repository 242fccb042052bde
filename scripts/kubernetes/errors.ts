// Why a step of the tutorial did not come true, with what the cluster said about it.

export class TutorialError extends Error {
  /** What the cluster said, one finding a line: a pod's status, its Events, a node's annotations. */
  readonly findings: readonly string[];

  constructor(message: string, findings: readonly string[] = [], options?: ErrorOptions) {
    super([message, ...findings.map((finding) => `  ${finding}`)].join('\n'), options);
    this.name = 'TutorialError';
    this.findings = findings;
  }
}
