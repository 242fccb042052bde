import { parseVersion, type Version } from '../../agent/sysctl/version.ts';

/** Returns the version of the text; throws when the text is not a version. */
export function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) {
    throw new Error(`Expected a version, got ${text}.`);
  }
  return parsed;
}
