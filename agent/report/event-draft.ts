// An Event before it is posted.

import type { EventReason } from '../names.ts';

export interface EventDraft {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  readonly message: string;
}
