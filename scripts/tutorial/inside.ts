// Parses the output of commands inside a pod.

export interface Listener {
  readonly uid: number;
}

/** Returns process 1 from the output of `ps -eo pid,user,args`; undefined when it is missing. */
export function processOne(ps: string): { readonly user: string; readonly line: string } | undefined {
  const line = ps.split('\n').find((text) => /^\s*1\s+\S/.test(text));
  const user = line?.trim().split(/\s+/)[1];
  return line === undefined || user === undefined ? undefined : { user, line: line.trim() };
}

/** Returns the listener on a port, from /proc/net/tcp or tcp6 (linux Documentation/networking/proc_net_tcp.rst); undefined when there is none. */
export function listenerOn(procNetTcp: string, port: number): Listener | undefined {
  const LISTEN = '0A';
  const row = rows(procNetTcp).find(
    ([, local = '', , state]) => state === LISTEN && Number.parseInt(local.split(':')[1] ?? '', 16) === port,
  );
  const uid = row?.[7];
  return uid === undefined ? undefined : { uid: Number(uid) };
}

/** Returns the backlog (Send-Q) of a listening port from the output of `ss -ltn`; undefined when it is missing. */
export function backlogOf(ss: string, port: number): number | undefined {
  const row = rows(ss).find(([state, , , local]) => state === 'LISTEN' && local?.endsWith(`:${port}`));
  return row?.[2] === undefined ? undefined : Number(row[2]);
}

function rows(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(/\s+/));
}
