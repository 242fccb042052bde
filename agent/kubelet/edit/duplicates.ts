// Removes earlier copies of an assignment: a program that adds its line where it does not find it would let the file grow with each edit.

import { fromByteString } from '../environment/bytes.ts';
import { parseEnvironmentFile, type EnvironmentDocument } from '../environment/environment-file.ts';

/** Returns the bytes without earlier assignments of the variable that equal the last one to the byte; other bytes stay. */
export function withoutCopies(
  content: Uint8Array,
  variable: string,
  systemdVersion: number | undefined,
): Uint8Array {
  let document = parseEnvironmentFile(content, systemdVersion);
  for (let at = document.assignments.length - 2; at >= 0; at -= 1) {
    document = withoutCopy(document, at, { variable, systemdVersion }) ?? document;
  }
  return fromByteString(document.text);
}

/** undefined when the assignment is no copy, or when its line cannot be removed alone. */
function withoutCopy(
  { text, assignments }: EnvironmentDocument,
  at: number,
  { variable, systemdVersion }: { readonly variable: string; readonly systemdVersion: number | undefined },
): EnvironmentDocument | undefined {
  const own = assignments[at];
  const last = assignments.findLast(({ key }) => key === variable);
  const rawOf = ({ from, to }: { readonly from: number; readonly to: number }): string =>
    text.slice(from, to);
  if (own?.key !== variable || last === undefined || own === last || rawOf(own) !== rawOf(last)) {
    return undefined;
  }
  const lineEnd = /^(?:\r\n|\n|\r)/u.exec(text.slice(own.to))?.[0].length ?? 0;
  const next = parseEnvironmentFile(
    fromByteString(text.slice(0, own.from) + text.slice(own.to + lineEnd)),
    systemdVersion,
  );
  const others = assignments.filter((assignment) => assignment !== own);
  const isAlone =
    next.assignments.length === others.length &&
    next.assignments.every(
      ({ key, bytes }, index) => key === others[index]?.key && bytes === others[index].bytes,
    );
  return isAlone ? next : undefined;
}
