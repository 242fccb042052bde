// The comma-separated lists in annotations and in the environment file.

/** `KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=a,b`: what is before the list, and the list. */
const FLAG = /(--allowed-unsafe-sysctls=)([^\s'"]+)/;

export function listed(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

/**
 * Returns the environment file with `name` removed from the kubelet's list, or added when it is absent. Throws when the file
 * has no list.
 */
export function toggledInFile(
  before: string,
  name: string,
): { readonly content: string; readonly present: boolean } {
  const names = listed(FLAG.exec(before)?.[2]);
  if (names.length === 0) throw new Error(`Expected --allowed-unsafe-sysctls with a list, got ${before}`);
  const present = !names.includes(name);
  const after = present ? [...names, name] : names.filter((each) => each !== name);
  return { content: before.replace(FLAG, `$1${after.join(',')}`), present };
}
