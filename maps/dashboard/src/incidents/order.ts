/** What needs action first, and what may be done to an incident next. Pure. */
import type { Incidents } from '../kpi/rules.ts';
import { type Action, type Incident, SEVERITIES, type Severity, type Status } from './types.ts';

/** Shape, colour and word tell a severity: the sign is the shape on the map. */
export const SIGNS: Record<Severity, string> = {
  critical: '■',
  high: '◆',
  moderate: '▲',
  low: '●',
};

const HOUR_MS = 3_600_000;
const ORDER: readonly Status[] = [
  'raised',
  'acknowledged',
  'assigned',
  'on_scene',
  'resolved',
  'all_clear',
];

/** Nobody's first, then by severity, then the one that has waited longest. */
export function byNeed(incidents: readonly Incident[]): Incident[] {
  const waits = ({ status }: Incident) => (status === 'raised' ? 0 : status === 'resolved' ? 2 : 1);
  const rank = ({ severity }: Incident) => SEVERITIES.indexOf(severity);
  const since = ({ raised_at }: Incident) => Date.parse(raised_at ?? '') || 0;
  return [...incidents].sort(
    (a, b) => waits(a) - waits(b) || rank(a) - rank(b) || since(a) - since(b) || a.id - b.id,
  );
}

/** Numbers for the figure of open incidents. */
export function summed(incidents: readonly Incident[], now: number): Incidents {
  const raised = incidents.map(({ raised_at }) => Date.parse(raised_at ?? '')).filter(Boolean);
  const waiting = incidents.filter(({ status }) => status === 'raised');
  return {
    open: incidents.length,
    unacknowledged: waiting.length,
    raisedThisHour: raised.filter((at) => at > now - HOUR_MS && at <= now).length,
    critical: waiting.filter(({ severity }) => severity === 'critical').length,
    latest: raised.length ? Math.max(...raised) : null,
  };
}

/** The one step an incident waits for; null when it waits for none. */
export function nextAction({ status, merged_into }: Incident): Action | null {
  if (merged_into) return null;
  const next: Record<Status, Action | null> = {
    raised: 'acknowledge',
    acknowledged: 'assign',
    assigned: 'on_scene',
    on_scene: 'resolve',
    resolved: 'all_clear',
    all_clear: null,
  };
  return next[status];
}

/** Everything that may be done to an incident as it stands (`layers/lifecycle.py`). */
export function actions(incident: Incident): Action[] {
  if (incident.merged_into) return ['unmerge', 'note'];
  const from = (...statuses: Status[]) => statuses.includes(incident.status);
  const open = ORDER.indexOf(incident.status) < ORDER.indexOf('all_clear');
  const possible: [Action, boolean][] = [
    ['acknowledge', from('raised')],
    ['assign', from('raised', 'acknowledged', 'assigned', 'on_scene')],
    ['on_scene', from('assigned')],
    ['resolve', from('acknowledged', 'assigned', 'on_scene')],
    ['all_clear', from('resolved')],
    ['reopen', from('resolved', 'all_clear')],
    ['shelve', open && !incident.shelved_until],
    ['unshelve', Boolean(incident.shelved_until)],
    ['merge', true],
    ['note', true],
  ];
  return possible.filter(([, may]) => may).map(([action]) => action);
}

/** A step's words without the incident they stand under: `Incident I4: acknowledged`. */
export function bare(words: string): string {
  const [head, ...rest] = words.split(': ');
  return rest.length ? rest.join(': ') : (head ?? '');
}

/** Seconds an incident waits for somebody, and until it escalates; null when it does neither. */
export function waiting(
  { status, raised_at, due_at, merged_into, shelved_until }: Incident,
  now: number,
): { readonly since: number; readonly left: number | null } | null {
  const raised = Date.parse(raised_at ?? '');
  if (status !== 'raised' || merged_into || shelved_until || Number.isNaN(raised)) return null;
  const due = Date.parse(due_at ?? '');
  return {
    since: Math.max(0, (now - raised) / 1000),
    left: Number.isNaN(due) ? null : Math.max(0, (due - now) / 1000),
  };
}

/** How far an incident has come, for a row of dots: 0 raised … 5 all clear. */
export function progress({ status }: Incident): number {
  return ORDER.indexOf(status);
}
