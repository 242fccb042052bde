// The undo switch, armed while systemd is still being asked about the kubelet: a change does not wait for it then.

import type { UndoSwitch } from './ports.ts';

export interface EarlySwitch extends UndoSwitch {
  /** Arms for the change that is to be expected, and returns at once. The next `arm` with the same arguments is that one. */
  expect(unit: string, file: string, seconds: number): void;
  /** The change has not come. */
  forgo(): Promise<void>;
}

export function earlySwitch(real: UndoSwitch): EarlySwitch {
  let early: { readonly unit: string; readonly key: string; readonly armed: Promise<void> } | undefined;

  function taken(): typeof early {
    const found = early;
    early = undefined;
    return found;
  }

  return {
    expect(unit, file, seconds) {
      const key = keyOf(unit, file, seconds);
      if (early?.key === key) {
        return;
      }
      const armed = real.arm(unit, file, seconds);
      // Whoever takes it hears of its failure.
      armed.catch(() => {});
      early = { unit, key, armed };
    },

    async forgo() {
      const found = taken();
      if (found !== undefined) {
        await found.armed.catch(() => {});
        await real.disarm(found.unit);
      }
    },

    async arm(unit, file, seconds) {
      const found = taken();
      if (found?.key === keyOf(unit, file, seconds)) {
        return found.armed;
      }
      await found?.armed.catch(() => {});
      return real.arm(unit, file, seconds);
    },

    disarm: (unit) => real.disarm(unit),
    undoing: () => real.undoing(),
  };
}

function keyOf(unit: string, file: string, seconds: number): string {
  return JSON.stringify([unit, file, seconds]);
}
