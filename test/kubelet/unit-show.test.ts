import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUnitShow, UnitShowError } from '../../agent/kubelet/unit-show.ts';
import { execStart, systemctlShow } from './shown-units.ts';

const KUBELET = ['/usr/bin/kubelet', '$KUBELET_CONFIG_ARGS', '$KUBELET_EXTRA_ARGS'];
const SHOWN = {
  name: 'kubelet.service',
  execStart: KUBELET,
  environment: ['KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml', 'A=b c'],
  environmentFiles: ['-/var/lib/kubelet/kubeadm-flags.env', '/etc/default/kubelet'],
  startPre: [
    ['/bin/mkdir', '-p', '/a'],
    ['/bin/b', '/etc/default/kubelet'],
  ],
  dropInPaths: ['/etc/systemd/system/kubelet.service.d/10-kubeadm.conf', '/run/a b.conf'],
};

describe('parseUnitShow', () => {
  it('reads the properties that decide how the kubelet starts, and ignores all others', () => {
    expect(parseUnitShow(systemctlShow(SHOWN))).toEqual({
      name: 'kubelet.service',
      execStart: KUBELET,
      environment: SHOWN.environment,
      hiddenVariables: 0,
      environmentFiles: [
        { path: '/var/lib/kubelet/kubeadm-flags.env', optional: true },
        { path: '/etc/default/kubelet', optional: false },
      ],
      startPre: ['/bin/mkdir -p /a', '/bin/b /etc/default/kubelet'],
      unitFiles: ['/usr/lib/systemd/system/kubelet.service', ...SHOWN.dropInPaths],
      systemdVersion: undefined,
    });
  });

  it('reads the few properties that -p asks for, with the prompt above them and Windows’ line ends', () => {
    const text = `$ systemctl show kubelet -p ExecStart\r\n\r\nExecStart=${execStart(KUBELET)}\r\n`;
    expect(parseUnitShow(text)).toMatchObject({
      name: 'kubelet.service',
      execStart: KUBELET,
      environmentFiles: [],
    });
  });

  it('takes the unit’s name from Id= and systemd’s version from the manager’s Version=', () => {
    const text = `Version=v257.3-1\n\n${systemctlShow({ ...SHOWN, name: 'snap.k8s.kubelet.service' })}`;
    expect(parseUnitShow(text)).toMatchObject({ name: 'snap.k8s.kubelet.service', systemdVersion: 257 });
  });

  it('reads EnvironmentFile=, as old systemd prints it, and a path with blanks', () => {
    const text = `ExecStart=${execStart(KUBELET)}\nEnvironmentFile=/etc/a (b) c (ignore_errors=no)\n`;
    expect(parseUnitShow(text).environmentFiles).toEqual([{ path: '/etc/a (b) c', optional: false }]);
  });

  it('counts the entries that old systemd prints as unprintable, and keeps the others unchanged', () => {
    const environment = String.raw`Environment=[unprintable] A="b\c" [unprintable]`;
    const text = `ExecStart=${execStart(KUBELET)}\n${environment}\nDropInPaths=/a.conf [unprintable]\n`;
    expect(parseUnitShow(text)).toMatchObject({
      environment: [String.raw`A="b\c"`],
      hiddenVariables: 2,
      unitFiles: ['/a.conf'],
    });
  });

  it('keeps a semicolon and the keywords of the line when they are part of the argv', () => {
    const argv = [
      '/usr/bin/kubelet',
      '--a=b',
      ';',
      'ignore_errors=yes',
      ';',
      'argv[]=x',
      '}',
      '$KUBELET_EXTRA_ARGS',
    ];
    expect(parseUnitShow(systemctlShow({ execStart: argv })).execStart).toEqual(argv);
  });

  it('returns every unit that systemctl prints, as far as systemctl prints it', () => {
    const line = fc.string({ minLength: 1 }).filter((text) => !/[\n\r]/u.test(text));
    const word = line.filter((text) => !text.includes(' '));
    const path = line.map((text) => `/${text.trim()}`);
    const unit = fc.record({
      name: fc.constantFrom('kubelet.service', 'snap.k8s.kubelet.service'),
      execStart: fc.array(word, { minLength: 1 }),
      environment: fc.array(fc.string().map((value) => `KEY=${value}`)),
      environmentFiles: fc.array(path),
      dropInPaths: fc.array(path),
    });
    fc.assert(
      fc.property(unit, (properties) => {
        const {
          name,
          execStart: argv,
          environment,
          environmentFiles,
          unitFiles,
        } = parseUnitShow(systemctlShow(properties));
        expect({ name, execStart: argv, environment }).toEqual({
          name: properties.name,
          execStart: properties.execStart,
          environment: properties.environment,
        });
        expect(environmentFiles.map((file) => file.path)).toEqual(properties.environmentFiles);
        expect(unitFiles.slice(1)).toEqual(properties.dropInPaths);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads any text or throws a UnitShowError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\n',
        'ExecStart={ path=/a ; argv[]=/a $B',
        ' ; ignore_errors=no ; start_time=[n/a] }',
        'Environment=',
        'EnvironmentFiles=/a',
        ' (ignore_errors=yes)',
        'Id=',
        'LoadState=loaded',
        '"',
        '\\x',
        '\\U00110000',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(isReadOrRefused(pieces.join(''))).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['an empty text', '', undefined, 'found no line KEY=value'],
    ['a text without ExecStart', 'Id=kubelet.service\nType=simple\n', undefined, 'found only "Id, Type"'],
    ['a unit file', '[Service]\nExecStart=/usr/bin/kubelet $A\n', 2, 'found "/usr/bin/kubelet $A"'],
    ['two ExecStart', `ExecStart=${execStart(['/a'])}\nExecStart=${execStart(['/b'])}\n`, 2, 'found another'],
    ['two units', `${systemctlShow(SHOWN)}\n${systemctlShow(SHOWN)}`, 36, 'again here'],
    [
      'a masked unit',
      'Id=kubelet.service\nLoadState=masked\nFragmentPath=/dev/null\n',
      2,
      'LoadState=masked',
    ],
    ['a cut Environment', `ExecStart=${execStart(['/a'])}\nEnvironment=A=1 "B=2\n`, 2, 'found ""B=2"'],
    [
      'a unit file’s EnvironmentFile',
      `ExecStart=${execStart(['/a'])}\nEnvironmentFile=-/etc/a\n`,
      2,
      '"-/etc/a"',
    ],
  ])('refuses %s, and says what it expected and found', (_, text, line, message) => {
    expect(errorOf(text)).toMatchObject({
      kind: 'refused',
      line,
      message: expect.stringContaining('Expected'),
    });
    expect(errorOf(text).message).toContain(message);
  });

  it('reports a host without the unit as unreconcilable', () => {
    expect(errorOf('Id=kubelet.service\nLoadState=not-found\nActiveState=inactive\n')).toMatchObject({
      kind: 'unreconcilable',
      message: expect.stringContaining('Set the allowed unsafe sysctls there'),
    });
  });
});

function isReadOrRefused(text: string): boolean {
  try {
    return parseUnitShow(text).execStart.length > 0;
  } catch (error) {
    return error instanceof UnitShowError;
  }
}

function errorOf(text: string): UnitShowError {
  try {
    parseUnitShow(text);
  } catch (error) {
    if (error instanceof UnitShowError) return error;
    throw error;
  }
  throw new Error('Expected a UnitShowError, got a unit.');
}
