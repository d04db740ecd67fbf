/** What is done most often to the records of the boards. Pure. */
import type { Properties } from '../api/types.ts';
import type { MessageKey } from '../i18n/index.ts';

/** Who edits the boards (`layers.model.DESK`). */
const DESK = new Set(['staff', 'coordinator', 'admin']);

export interface Quick {
  readonly label: MessageKey;
  readonly patch: Readonly<Record<string, unknown>>;
  /** A number that is asked for instead of a patch that is ready. */
  readonly field?: string;
}

/** Actions that change something as the record stands; none for who may not edit. */
export function quickActions(layer: string, properties: Properties, role: string): Quick[] {
  if (!DESK.has(role)) return [];
  const now = new Date().toISOString();
  const to = (label: MessageKey, field: string, value: unknown, more = {}): Quick[] =>
    properties[field] === value ? [] : [{ label, patch: { [field]: value, ...more } }];
  switch (layer) {
    case 'closures':
      return [
        ...to('quick.reopenRoad', 'status', 'lifted', { until: now }),
        ...to('quick.closeRoad', 'status', 'closed', { since: now, until: null }),
      ];
    case 'power_areas':
      return [
        ...to('quick.powerOff', 'state', 'off', { since: now, until: null }),
        ...to('quick.powerOn', 'state', 'on', { until: now }),
      ];
    case 'resources':
      return [
        ...to('quick.ready', 'status', 'ready'),
        ...to('quick.out', 'status', 'out'),
        ...to('quick.failed', 'status', 'failed'),
      ];
    case 'shelters':
      return properties['open'] === true
        ? [
            { label: 'quick.headcount', patch: {}, field: 'occupancy' },
            ...to('quick.closeShelter', 'open', false),
          ]
        : to('quick.openShelter', 'open', true, { occupancy: 0 });
    default:
      return [];
  }
}
