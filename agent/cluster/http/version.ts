// The resourceVersion of an object or a list.

import { InvalidResponseError } from './errors.ts';
import { objectAt, stringAt, type JsonObject } from './json.ts';

/** `metadata.resourceVersion` of an object or a list. Throws an InvalidResponseError when there is none. */
export function versionOf(object: JsonObject): string {
  const version = versionIn(object);
  if (version === undefined) {
    throw new InvalidResponseError('Expected metadata.resourceVersion, got none');
  }
  return version;
}

/** `metadata.resourceVersion` of an object or a list; undefined when it is missing or empty. */
export function versionIn(object: JsonObject): string | undefined {
  const version = stringAt(objectAt(object, 'metadata'), 'resourceVersion');
  return version === '' ? undefined : version;
}
