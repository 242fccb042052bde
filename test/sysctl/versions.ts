import { parseVersion, type Version } from '../../agent/sysctl/version.ts';

/** The version that the text names; throws when it names none. */
export function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) {
    throw new Error(`Expected a version, got ${text}.`);
  }
  return parsed;
}
