// The error of a failed step of the tutorial, with the cluster's information about it.

export class TutorialError extends Error {
  /** Information from the cluster, one finding a line: a pod's status, its Events, a node's annotations. */
  readonly findings: readonly string[];

  constructor(message: string, findings: readonly string[] = [], options?: ErrorOptions) {
    super([message, ...findings.map((finding) => `  ${finding}`)].join('\n'), options);
    this.name = 'TutorialError';
    this.findings = findings;
  }
}
