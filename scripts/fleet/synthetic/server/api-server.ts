// The part of the Kubernetes API that the coordinator uses: lists in pages, watches with bookmarks, reads, merge patches with a
// version, and creations.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isObject, objectAt, stringAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';
import { METADATA_ONLY } from '../../../../agent/cluster/http/media-types.ts';
import { sendList, sendObject, sendStatus, sendWatch } from './answers.ts';
import { type Collection, ExpiredError } from './collection.ts';
import { Refusal, type Resource } from './resource.ts';
import { patched } from './patches.ts';

export interface ApiOptions {
  /** By the name in paths: nodes, configmaps. */
  readonly resources: Readonly<Record<string, Resource>>;
  /** undefined: plain HTTP. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Called with each request, before its answer. */
  readonly onRequest?: ((asked: Asked, request: IncomingMessage) => void) | undefined;
  readonly bookmarkMs?: number;
}

/** A request as the API server sees it. */
export interface Asked {
  /** list, watch, get, create or patch. */
  readonly verb: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly query: URLSearchParams;
}

/** API servers send a bookmark about once a minute. */
const BOOKMARK_MS = 60_000;
const PATH = /^\/apis?(?:\/[^/]+)?\/v1(?:\/namespaces\/[^/]+)?\/(?<resource>[a-z]+)(?:\/(?<name>[^/]+))?$/u;
const MERGE_PATCH = 'application/merge-patch+json';

/** Returns a server that does not listen yet. */
export function createApiServer(options: ApiOptions): Server {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => undefined);
    answer(options, request, response).catch((error: unknown) => {
      if (error instanceof Refusal) sendStatus(response, error);
      else if (error instanceof ExpiredError) sendStatus(response, expired(error));
      else sendStatus(response, new Refusal(500, 'InternalError', String(error)));
    });
  };
  return options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle);
}

async function answer(
  options: ApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = askedBy(request);
  options.onRequest?.(asked, request);
  const { verb, name = '', query } = asked;
  const resource = options.resources[asked.resource];
  if (resource === undefined) throw new Refusal(404, 'NotFound', `${asked.resource} is not served`);
  const { objects } = resource;
  switch (verb) {
    case 'watch':
      return sendWatch(response, resource, { query, bookmarkMs: options.bookmarkMs ?? BOOKMARK_MS });
    case 'list':
      return sendList(response, resource, query);
    case 'get':
      return sendObject(response, 200, resource, known(objects, name));
    case 'create': {
      const made = withUid(await bodyOf(request));
      const named = stringAt(objectAt(made, 'metadata'), 'name') ?? '';
      if (objects.get(named) !== undefined)
        throw new Refusal(409, 'AlreadyExists', `"${named}" already exists`);
      return sendObject(response, 201, resource, objects.put(named, made));
    }
    default: {
      const body = await bodyOf(request);
      if (request.headers['content-type'] !== MERGE_PATCH)
        throw new Refusal(415, 'UnsupportedMediaType', `Expected ${MERGE_PATCH}`);
      const manager = query.get('fieldManager') ?? 'unknown';
      const after = patchedHere(objects, name, body, manager);
      return sendObject(response, 200, resource, after, request.headers.accept === METADATA_ONLY);
    }
  }
}

function askedBy({ method, url = '' }: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const { resource = '', name } = PATH.exec(pathname)?.groups ?? {};
  const isWatch = searchParams.get('watch') === 'true';
  const reading = name !== undefined ? 'get' : isWatch ? 'watch' : 'list';
  const verb = method === 'GET' ? reading : method === 'POST' ? 'create' : 'patch';
  return { verb, resource, name: name && decodeURIComponent(name), query: searchParams };
}

function known(objects: Collection, name: string): JsonObject {
  const object = objects.get(name);
  if (object === undefined) throw new Refusal(404, 'NotFound', `"${name}" not found`);
  return object;
}

/** Throws a Refusal when the patch names another version than the object has. */
function patchedHere(objects: Collection, name: string, body: JsonObject, manager: string): JsonObject {
  const before = known(objects, name);
  const wanted = stringAt(objectAt(body, 'metadata'), 'resourceVersion');
  if (wanted !== undefined && wanted !== stringAt(objectAt(before, 'metadata'), 'resourceVersion'))
    throw new Refusal(
      409,
      'Conflict',
      `Operation cannot be fulfilled on "${name}": the object has been modified`,
    );
  return objects.put(name, patched(before, { body, manager, at: new Date() }));
}

function withUid({ kind: _kind, apiVersion: _apiVersion, metadata, ...rest }: JsonObject): JsonObject {
  const creationTimestamp = new Date().toISOString();
  return { metadata: { ...objectAt(metadata), uid: randomUUID(), creationTimestamp }, ...rest };
}

function expired({ message }: ExpiredError): Refusal {
  return new Refusal(410, 'Expired', message);
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (!isObject(body)) throw new Refusal(400, 'BadRequest', 'Expected an object in JSON');
  return body;
}
