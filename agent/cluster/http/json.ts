// Reads JSON from the network, one checked field at a time.

export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object at `path`; an empty object when there is none, so that all fields below it read as missing. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  let at: unknown = value;
  for (const key of path) {
    at = isObject(at) ? at[key] : undefined;
  }
  return isObject(at) ? at : {};
}

/** The string under `key`; undefined for anything else. */
export function stringAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

/** The string-to-string map under `key`; values that are not strings are left out. */
export function stringMapAt(object: JsonObject, key: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(object, key));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The elements of the array under `key`; one that is not an object becomes an empty object. */
export function objectsAt(object: JsonObject, key: string): readonly JsonObject[] {
  const value = object[key];
  return (Array.isArray(value) ? value : []).map((item: unknown) => objectAt(item));
}

/** The last day that RFC 3339 can represent; some minutes can still be added to it. */
const LATEST_MS = Date.UTC(9999, 11, 31);

/** The time in the text; undefined when it holds none, or one before 1970 or after 9999. */
export function timeOf(text: string | undefined): Date | undefined {
  const time = new Date(text ?? Number.NaN);
  return time.getTime() >= 0 && time.getTime() <= LATEST_MS ? time : undefined;
}

/** True for a JSON object; false for arrays and null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
