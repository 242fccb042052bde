// Options for the version of a node's kubelet or kernel.

import { InvalidArgumentError, Option } from 'commander';
import { parseVersion, type Version } from '../sysctl/version.ts';

/** Returns an option whose value is a Version; any other value is a usage error. */
export function versionOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(version);
}

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new InvalidArgumentError('Expected a version such as 1.37.2.');
  return parsed;
}
