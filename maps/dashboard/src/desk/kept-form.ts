import { identity } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { type Draft, draftOf, dropDraft, keepDraft } from './draft.ts';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Fields that hold what was kept, or what somebody has typed since. */
const filled = new WeakSet<Field>();

/** Fields of a form that are kept: those with a name that hold words, a choice or a tick. */
function fieldsOf(form: HTMLFormElement): Field[] {
  return [...form.elements].filter(
    (field): field is Field =>
      (field instanceof HTMLInputElement ||
        field instanceof HTMLSelectElement ||
        field instanceof HTMLTextAreaElement) &&
      field.name !== '' &&
      field.name !== 'by',
  );
}

/**
 * Puts back what was being written in the forms below an element when the page began anew. Choices
 * that are still being fetched are put back at a later call, once they are there.
 */
export function fillKept(root: ParentNode, state: Readonly<AppState>): void {
  const who = identity(state.me.value);
  for (const form of root.querySelectorAll<HTMLFormElement>('form[data-draft]')) {
    const draft = draftOf(who, form.dataset['draft'] ?? '');
    for (const field of fieldsOf(form)) {
      if (filled.has(field)) continue;
      if (!draft) filled.add(field);
      else if (fill(field, draft)) {
        filled.add(field);
        // whoever works with what is typed hears of it
        field.dispatchEvent(new Event('input', { bubbles: true }));
      }
    }
  }
}

function fill(field: Field, { fields }: Draft): boolean {
  const value = fields[field.name];
  if (field instanceof HTMLInputElement && field.type === 'checkbox') {
    field.checked = value !== undefined;
    return true;
  }
  if (value === undefined) return true;
  if (field instanceof HTMLSelectElement) {
    if (![...field.options].some((option) => option.value === value)) return false;
  }
  field.value = value;
  return true;
}

/** Keeps what a form holds at every press of a key; for its `input` events. */
export function keepTyped(
  event: Event,
  state: Readonly<AppState>,
  more: Partial<Pick<Draft, 'at' | 'ring'>> = {},
): void {
  // what is typed before the old words are put back stays
  filled.add(event.target as Field);
  keepForm(event.currentTarget as HTMLFormElement, state, more);
}

/** Keeps what a form holds now. `more`: what was chosen for it on the map. */
export function keepForm(
  form: HTMLFormElement,
  state: Readonly<AppState>,
  more: Partial<Pick<Draft, 'at' | 'ring'>> = {},
): void {
  const name = form.dataset['draft'];
  if (!name) return;
  const who = identity(state.me.value);
  const before = draftOf(who, name);
  const fields: Record<string, string> = {};
  for (const field of fieldsOf(form)) {
    const kept = before?.fields[field.name];
    if (!filled.has(field) && kept !== undefined) fields[field.name] = kept;
    else if (field instanceof HTMLInputElement && field.type === 'checkbox') {
      if (field.checked) fields[field.name] = field.value;
    } else fields[field.name] = field.value;
  }
  keepDraft(who, name, { at: null, ...more, fields });
}

/** A form was sent or given up. */
export function dropKept(form: string, state: Readonly<AppState>): void {
  dropDraft(identity(state.me.value), form);
}
