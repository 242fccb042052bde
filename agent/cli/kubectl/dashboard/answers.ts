// What the page asks for beside its stream: the policy's text, a plan, a node's details, and pause, resume and retry.

import * as v from 'valibot';
import { stringify } from 'yaml';
import { ApiError, isNotFound } from '../../../cluster/http/errors.ts';
import { objectAt, stringMapAt } from '../../../cluster/http/json.ts';
import { CONFIG_MAP, KEYS } from '../../../names.ts';
import { parseHistory } from '../../../report/history.ts';
import { decideRollout } from '../../../rollout/decide.ts';
import { errorText } from '../../../text/error-text.ts';
import { printable } from '../../../text/quote.ts';
import { colorsFor } from '../../colors.ts';
import { printedValidation } from '../../validate/validation-text.ts';
import { validateText } from '../../validate/validation.ts';
import type { Fleet } from '../cluster/follow.ts';
import { readNode, shownNode } from '../cluster/nodes.ts';
import { podsByNode } from '../cluster/pods.ts';
import { failureText, UserError } from '../errors.ts';
import type { Session } from '../session.ts';
import { difference } from '../views/history-text.ts';
import { planText } from '../views/plan-text.ts';
import { planView } from '../views/plan-view.ts';
import type { ActRequest, NodeDetails, PlanAnswer, Said } from './messages.ts';
import type { Answer, Reply } from './server.ts';

export interface Answering {
  readonly session: Session;
  /** The fleet as last observed. */
  readonly fleet: () => Fleet;
  /** Pauses, resumes or retries, and returns what the command of that name prints. */
  readonly act: (request: ActRequest) => Promise<string>;
}

const PLAN_WIDTH = 96;
const PLAIN = { isTTY: false };

const name = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{0,252}$/u));
const planSchema = v.object({ text: v.string() });
const actSchema = v.variant('verb', [
  v.object({ verb: v.literal('pause'), node: v.exactOptional(name) }),
  v.object({ verb: v.literal('resume'), node: v.exactOptional(name) }),
  v.object({ verb: v.literal('retry'), node: name }),
]);

/** Returns the answers by method and path. An error becomes an answer with a sentence for people. */
export function answersFor({ session, fleet, act }: Answering): ReadonlyMap<string, Answer> {
  const said =
    (answer: Answer): Answer =>
    async (input) => {
      try {
        return await answer(input);
      } catch (error) {
        const text =
          error instanceof v.ValiError
            ? `The request is not valid: ${error.message}`
            : failureText(error, session.place);
        return { status: statusOf(error), body: { text } satisfies Said };
      }
    };
  return new Map<string, Answer>([
    ['GET /policy', said(async () => ok({ text: await policyText(session) }))],
    ['GET /node', said(async ({ query }) => ok(await detailsOf(session, v.parse(name, query.get('name')))))],
    [
      'POST /plan',
      said(async ({ body }) => ok(await planOf(session, fleet(), v.parse(planSchema, body).text))),
    ],
    ['POST /act', said(async ({ body }) => ok({ text: await act(v.parse(actSchema, body)) } satisfies Said))],
  ]);
}

function ok(body: object): Reply {
  return { status: 200, body };
}

function statusOf(error: unknown): number {
  if (error instanceof v.ValiError) return 400;
  if (error instanceof UserError) return 409;
  return error instanceof ApiError && error.status === 403 ? 403 : 502;
}

/** Returns the ConfigMap as YAML to edit, without what only the API server writes and without the documentation in `_example`. */
async function policyText({ transport, place }: Session): Promise<string> {
  const namespace = encodeURIComponent(place.namespace);
  const path = `/api/v1/namespaces/${namespace}/configmaps/${CONFIG_MAP}`;
  const found: Readonly<Record<string, string>> = await transport.request({ method: 'GET', path }).then(
    ({ body }) => stringMapAt(objectAt(body), 'data'),
    (error: unknown) => {
      if (!isNotFound(error)) throw error;
      return { allowedUnsafeSysctls: '' };
    },
  );
  const data = Object.fromEntries(Object.entries(found).filter(([key]) => key !== '_example'));
  const metadata = { name: CONFIG_MAP, namespace: place.namespace };
  return stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
}

async function planOf(session: Session, { installation, nodes }: Fleet, text: string): Promise<PlanAnswer> {
  const { policy, validation } = validateText(text, 'the text');
  if (policy === undefined) return { valid: false, text: printedValidation(validation, 'text', PLAIN) };
  const pods = await podsByNode(session).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  });
  const input = { policy, nodes, pods, coordination: installation, now: new Date(), decide: decideRollout };
  return {
    valid: true,
    text: planText(planView(input), { diff: true, width: PLAN_WIDTH }, colorsFor(PLAIN)),
  };
}

async function detailsOf(session: Session, node: string): Promise<NodeDetails> {
  const object = await readNode(session, node);
  const { annotations, fleet } = shownNode(object);
  const history = stringMapAt(objectAt(object, 'metadata'), 'annotations')[KEYS.history] ?? '[]';
  const { readiness } = fleet;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Reason', fleet.reason],
    ['Running', annotations[KEYS.running]?.replaceAll(',', ', ')],
    ['Desired', annotations[KEYS.desired]?.replaceAll(',', ', ')],
    ['Drift', annotations[KEYS.drift]],
    ['Ready', readiness?.ready === false ? `no, since ${readiness.since.toISOString()}` : undefined],
    ['Last change', annotations[KEYS.lastChange]],
    ['Kubelet', [fleet.kubelet, fleet.kernel].filter(Boolean).join(', kernel ')],
  ];
  return {
    name: fleet.name,
    facts: facts.flatMap(([title, text = '']) => (text === '' ? [] : [[title, printable(text, 2000)]])),
    history: changesOf(history),
  };
}

function changesOf(history: string): NodeDetails['history'] {
  try {
    return parseHistory(history).map(({ at, result, from, to, why, reason }) => ({
      at: printable(at),
      result,
      change: printable(difference(from, to), 500),
      why: printable(why ?? reason, 1000),
    }));
  } catch (error) {
    return [{ at: '', result: 'not readable', change: '', why: errorText(error) }];
  }
}
