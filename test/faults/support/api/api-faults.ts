// Ways in which an API server, or what stands before it, goes wrong.

import { setTimeout as sleep } from 'node:timers/promises';
import { pass, type Exchange, type Fault } from './api-proxy.ts';

/** Accepts the request and never answers. */
export const neverAnswer: Fault = () => new Promise(() => {});

/** Closes the connection without a word. */
export const hangUp: Fault = async ({ response }) => void response.destroy();

/** Refuses with a Status, as an API server that is overloaded or not ready does. */
export function refused(code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Fault {
  return async ({ response }) => {
    response
      .writeHead(code, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(status(code, reason)));
  };
}

/** A load balancer's page. */
export function page(code: number): Fault {
  return async ({ response }) => {
    const text = `<html><head><title>${code}</title></head><body>${'<p>Try again later.</p>'.repeat(100)}</body></html>`;
    response.writeHead(code, { 'content-type': 'text/html' }).end(text);
  };
}

/** Half of the API server's answer, in good order; a watch ends in the middle of an event. */
export const halved: Fault = async (exchange) => {
  const { response, forward, asked } = exchange;
  const answer = await forward();
  const { 'content-length': _length, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, headers);
  if (asked.isWatch) {
    response.end('{"type":"MODIFIED","object":{"kind":');
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of answer) {
    chunks.push(Buffer.from(chunk));
  }
  const body = Buffer.concat(chunks);
  response.end(body.subarray(0, body.length / 2));
};

/** The watch's version is too old, whatever it is: by the status, and by an ERROR event, in turn. */
export function gone(): Fault {
  const overHttp = refused(410, 'Expired');
  let watches = 0;
  return async (exchange) => {
    if (!exchange.asked.isWatch) {
      return pass(exchange);
    }
    watches += 1;
    if (watches % 2 === 0) {
      return overHttp(exchange);
    }
    const event = { type: 'ERROR', object: status(410, 'Expired') };
    exchange.response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(event)}\n`);
  };
}

/** Every head comes late, every body in drops. */
export function slow(headMs: number, dropBytes: number, dropMs: number): Fault {
  return async (exchange) => {
    const { response, forward } = exchange;
    await sleep(headMs);
    const answer = await forward();
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    for await (const chunk of answer) {
      const bytes = Buffer.from(chunk);
      for (let from = 0; from < bytes.length; from += dropBytes) {
        response.write(bytes.subarray(from, from + dropBytes));
        await sleep(dropMs);
      }
    }
    response.end();
  };
}

/** Answers, and closes the connection soon after. */
export function cutAfter(ms: number): Fault {
  return async (exchange) => {
    await pass(exchange);
    await sleep(ms);
    exchange.response.destroy();
  };
}

/** Writes reach the API server; the agent never gets the answers. */
export const lostAnswers: Fault = async (exchange) => {
  if (exchange.asked.method === 'GET') {
    return pass(exchange);
  }
  const answer = await exchange.forward();
  answer.resume();
  await new Promise((resolve) => answer.once('end', resolve));
  exchange.response.destroy();
};

/** Only writes are refused: watches live and see everything. */
export function writesRefused(code: number, reason: string): Fault {
  const refuse = refused(code, reason);
  return (exchange) => (exchange.asked.method === 'GET' ? pass(exchange) : refuse(exchange));
}

/** The next request meets the fault, all after it none. */
export function once(fault: Fault): Fault {
  let isOver = false;
  return (exchange) => {
    const next = isOver ? pass : fault;
    isOver = true;
    return next(exchange);
  };
}

/** Each request meets the next fault in turn. */
export function inTurn(...faults: readonly Fault[]): Fault {
  let count = 0;
  return async (exchange: Exchange) => {
    const fault = faults[count % faults.length] ?? pass;
    count += 1;
    return fault(exchange);
  };
}

function status(code: number, reason: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'the test says so' };
}
