// The policy's ConfigMap, as an object of the API.

/** The policy's ConfigMap as the API server has it. */
export interface ConfigMapObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}
