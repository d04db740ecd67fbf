import { html } from 'lit';
import { live } from 'lit/directives/live.js';

/**
 * Options of a select that is told which of them is chosen. They may come, go and change places
 * while somebody looks at them: a browser left to itself keeps the place, not the choice.
 */
export function options(
  choices: readonly (readonly [value: string | number, label: unknown])[],
  chosen: string | number,
) {
  return choices.map(
    ([value, label]) =>
      html`<option value=${value} .selected=${live(String(value) === String(chosen))}>${label}</option>`,
  );
}
