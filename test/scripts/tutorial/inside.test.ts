import { describe, expect, it } from 'vitest';
import { backlogOf, listenerOn, processOne } from '../../../scripts/tutorial/inside.ts';

describe('processOne', () => {
  it('finds the first process in the ps of procps and of busybox', () => {
    expect(
      processOne('    PID USER     COMMAND\n      1 1001     /usr/local/bin/demoapp\n     15 1001     ps'),
    ).toEqual({
      user: '1001',
      line: '1 1001     /usr/local/bin/demoapp',
    });
    expect(
      processOne('PID   USER     COMMAND\n    1 root     python3 demo.py\n   11 root     ps')?.user,
    ).toBe('root');
  });

  it('ignores every process other than process 1', () => {
    expect(processOne('PID USER COMMAND\n 11 1001 sh\n 21 1 ps')).toBeUndefined();
  });
});

describe('listenerOn', () => {
  const header =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

  it('reads the owner of a listening socket, of IPv4 and of IPv6', () => {
    expect(listenerOn([header, row('00000000:0050', '0A', 1001)].join('\n'), 80)).toEqual({ uid: 1001 });
    expect(listenerOn([header, header, row(`${'0'.repeat(32)}:1F90`, '0A', 7)].join('\n'), 8080)).toEqual({
      uid: 7,
    });
  });

  it('ignores connections and listeners on other ports', () => {
    expect(
      listenerOn([header, row('0100007F:0050', '01', 1001), row('00000000:5000', '0A', 0)].join('\n'), 80),
    ).toBeUndefined();
  });
});

describe('backlogOf', () => {
  const ss = [
    'State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process',
    'LISTEN 0      128          0.0.0.0:8080      0.0.0.0:*',
    'LISTEN 3      4096         0.0.0.0:80        0.0.0.0:*',
  ].join('\n');

  it('returns the Send-Q of the port', () => {
    expect(backlogOf(ss, 80)).toBe(4096);
    expect(backlogOf(ss, 8080)).toBe(128);
    expect(backlogOf(ss, 443)).toBeUndefined();
  });
});

function row(local: string, state: string, uid: number): string {
  return `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 29184 1 0 100 0 0 10 0`;
}
