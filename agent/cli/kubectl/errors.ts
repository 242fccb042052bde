// Turns the error of a command into a message for the user.

import { ApiError, InvalidResponseError, TimeoutError } from '../../cluster/http/errors.ts';
import { KubeconfigError } from '../../cluster/kubeconfig/kubeconfig.ts';
import { errorText } from '../../text/error-text.ts';
import { printable } from '../../text/quote.ts';
import { ConfigMapFileError } from '../config-map-file.ts';
import type { Place } from './session.ts';

/** The message says what is wrong and how to fix it; the program prints it unchanged. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

const LONGEST = 1000;

/** Returns one line: what went wrong and what to do. `place` is undefined before there is a session. */
export function failureText(error: unknown, place: Place | undefined): string {
  return printable(textOf(error, place).trim().replaceAll(/\s+/gu, ' '), LONGEST);
}

function textOf(error: unknown, place: Place | undefined): string {
  if (error instanceof UserError || error instanceof KubeconfigError) return error.message;
  if (error instanceof ConfigMapFileError) {
    return `${error.path}${error.line === undefined ? '' : `:${error.line}`}: ${error.message}`;
  }
  if (place === undefined) return errorText(error);
  if (error instanceof ApiError) return answerText(error, place);
  if (error instanceof InvalidResponseError) {
    return `${whereOf(place)} does not answer as a Kubernetes API server: ${error.message}`;
  }
  if (error instanceof TimeoutError) {
    return `No answer from ${whereOf(place)} within ${error.waitedMs / 1000} s. ${CHECK} --request-timeout sets a longer limit.`;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (CERTIFICATE.test(code)) {
    return `The certificate of ${whereOf(place)} is not trusted: ${errorText(error)}. Check certificate-authority and tls-server-name of that cluster in the kubeconfig.`;
  }
  // For a host with several addresses the message is empty; the code says what failed.
  return `No connection to ${whereOf(place)}: ${errorText(error) || code}. ${CHECK}`;
}

const CHECK = 'Check that the cluster is up, or choose another with --context or --kubeconfig.';
/** Matches the codes of certificate errors, of OpenSSL and of Node. */
const CERTIFICATE = /CERT|SIGNED|UNABLE_TO|TLS_/u;

function answerText(error: ApiError, place: Place): string {
  const said = error.message.replace(/^The API server answered \d+: /u, '');
  if (error.status === 401) {
    return `${whereOf(place)} does not accept your credentials (${said}). Log in again, or choose another context.`;
  }
  if (error.status === 403) return `Not permitted: ${said}${missingRule(said)}`;
  return `${whereOf(place)} answered ${error.status}: ${said}`;
}

const FORBIDDEN = /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?/u;

/** Returns the missing rule, parsed from the API server's message; empty when the message has another form. */
function missingRule(said: string): string {
  const [, verb, resource, group, namespace] = FORBIDDEN.exec(said) ?? [];
  if (verb === undefined) return '';
  const role = namespace === undefined ? 'a ClusterRole' : `a Role in ${namespace}`;
  const of = group === '' ? '' : `.${group}`;
  return `. You need ${role} with verb ${verb} on ${resource}${of}.`;
}

function whereOf({ server, context }: Place): string {
  return `${server} (context ${context})`;
}
