// Skips and reports objects that cannot be parsed, so that one of them does not hide the others.

import { errorText } from '../../text/error-text.ts';
import { objectAt, stringAt, type JsonObject } from '../http/json.ts';

/** Called with the name of an object that cannot be parsed, and the error. */
export type OnUnreadable = (object: string, error: unknown) => void;

/** Parses one object; undefined when `parse` throws. */
export type ReadObject = <T>(
  object: JsonObject,
  parse: (object: JsonObject) => T,
) => { readonly value: T } | undefined;

/** Calls `onUnreadable` once for each object and reason, and again if the object could be parsed in between. */
export function objectReader(onUnreadable: OnUnreadable = () => undefined): ReadObject {
  const reported = new Map<string, string>();
  return (object, parse) => {
    const name = nameFor(object);
    try {
      const value = parse(object);
      reported.delete(name);
      return { value };
    } catch (error) {
      const why = errorText(error);
      if (reported.get(name) !== why) {
        reported.set(name, why);
        onUnreadable(name, error);
      }
      return undefined;
    }
  };
}

/** `namespace/name`, `name`, or the uid when the object has no name. */
function nameFor(object: JsonObject): string {
  const metadata = objectAt(object, 'metadata');
  const [namespace, name, uid] = ['namespace', 'name', 'uid'].map((key) => stringAt(metadata, key));
  const path = [namespace, name].filter(Boolean).join('/');
  return name ? path : uid ? `an object with the uid ${uid}` : 'an object without a name';
}
