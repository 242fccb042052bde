// The version of an object or a list.

import { InvalidResponseError } from './errors.ts';
import { objectAt, stringAt, type JsonObject } from './json.ts';

/** `metadata.resourceVersion` of an object or a list. Throws BadAnswer when there is none. */
export function versionOf(object: JsonObject): string {
  const version = versionIn(object);
  if (version === undefined) {
    throw new InvalidResponseError('Expected metadata.resourceVersion, got none');
  }
  return version;
}

export function versionIn(object: JsonObject): string | undefined {
  const version = stringAt(objectAt(object, 'metadata'), 'resourceVersion');
  return version === '' ? undefined : version;
}
