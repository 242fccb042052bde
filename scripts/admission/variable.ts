/** A variable of a ValidatingAdmissionPolicy; later ones may use it as `variables.NAME`. */
export interface Variable {
  readonly name: string;
  readonly expression: string;
  /** A comment for the reader of the manifest. */
  readonly why?: string;
}
