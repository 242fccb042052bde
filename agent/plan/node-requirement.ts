// Whether a node still fits a pod's node selector and required node affinity: a restarted kubelet refuses the pod (NodeAffinity) when not.

export interface NodeRequirement {
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** requiredDuringSchedulingIgnoredDuringExecution, of which one term must match; undefined: none. */
  readonly terms: readonly RequirementTerm[] | undefined;
}

/** All expressions must match. */
export interface RequirementTerm {
  readonly labels: readonly RequirementExpression[];
  readonly fields: readonly RequirementExpression[];
}

export interface RequirementExpression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/**
 * True when the node fits. Mirrors RequiredNodeAffinity.Match in kubernetes component-helpers/scheduling/corev1/nodeaffinity; an operator
 * that this version does not know counts as fulfilled.
 */
export function fitsNode(
  { nodeSelector, terms }: NodeRequirement,
  { name, labels }: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  const isSelected = Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
  const fields = { 'metadata.name': name };
  return isSelected && (terms === undefined || terms.some((term) => isMet(term, labels, fields)));
}

/** A term without expressions matches no node. */
function isMet(
  { labels, fields }: RequirementTerm,
  ofNode: Readonly<Record<string, string>>,
  fieldsOfNode: Readonly<Record<string, string>>,
): boolean {
  return (
    labels.length + fields.length > 0 &&
    labels.every((expression) => isTrue(expression, ofNode[expression.key])) &&
    fields.every((expression) => isTrue(expression, fieldsOfNode[expression.key]))
  );
}

function isTrue({ operator, values }: RequirementExpression, found: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return found !== undefined && values.includes(found);
    case 'NotIn':
      return found === undefined || !values.includes(found);
    case 'Exists':
      return found !== undefined;
    case 'DoesNotExist':
      return found === undefined;
    case 'Gt':
      return integer(found) > integer(values[0]);
    case 'Lt':
      return integer(found) < integer(values[0]);
    default:
      return true;
  }
}

/** NaN, which no comparison accepts, for anything else. */
function integer(text: string | undefined): number {
  return /^[+-]?\d+$/u.test(text ?? '') ? Number(text) : Number.NaN;
}
