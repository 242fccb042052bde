// What commands inside a pod print, read.

export interface Listener {
  readonly uid: number;
}

/** Process 1 in the output of `ps -eo pid,user,args`; undefined when it is not there. */
export function processOne(ps: string): { readonly user: string; readonly line: string } | undefined {
  const line = ps.split('\n').find((text) => /^\s*1\s+\S/.test(text));
  const user = line?.trim().split(/\s+/)[1];
  return line === undefined || user === undefined ? undefined : { user, line: line.trim() };
}

/** Who listens on a port, from /proc/net/tcp or tcp6 (linux Documentation/networking/proc_net_tcp.rst); undefined when nobody does. */
export function listenerOn(procNetTcp: string, port: number): Listener | undefined {
  const LISTEN = '0A';
  const row = rows(procNetTcp).find(
    ([, local = '', , state]) => state === LISTEN && Number.parseInt(local.split(':')[1] ?? '', 16) === port,
  );
  const uid = row?.[7];
  return uid === undefined ? undefined : { uid: Number(uid) };
}

/** The backlog of a listening port in the output of `ss -ltn`, where a listener's Send-Q is it; undefined when it is not there. */
export function backlogOf(ss: string, port: number): number | undefined {
  const row = rows(ss).find(([state, , , local]) => state === 'LISTEN' && local?.endsWith(`:${port}`));
  return row?.[2] === undefined ? undefined : Number(row[2]);
}

function rows(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(/\s+/));
}
