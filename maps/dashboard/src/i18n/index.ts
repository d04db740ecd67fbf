import type { boards } from '../boards/words.en.ts';
import type { ask } from './ask.en.ts';
import type { desk } from './desk.en.ts';
import { en, type MessageKey as PageKey } from './en.ts';
import type { events } from './events.en.ts';
import { th } from './th.ts';

/** The page's own words and, once they are fetched, those of the parts that come later. */
export type MessageKey =
  | PageKey
  | keyof typeof desk
  | keyof typeof events
  | keyof typeof ask
  | keyof typeof boards;
export type Lang = 'th' | 'en';
export const LANGS: readonly Lang[] = ['th', 'en'];

/** Text in both languages, as the server sends it. */
export interface Text {
  readonly th: string;
  readonly en: string;
}

const MESSAGES: Record<Lang, Partial<Record<MessageKey, string>>> = {
  th: { ...th },
  en: { ...en },
};

/** Words that came later than the page. */
export function addWords(words: Record<Lang, Partial<Record<MessageKey, string>>>): void {
  for (const lang of LANGS) Object.assign(MESSAGES[lang], words[lang]);
}

/** The page's own words in `lang`, with `{name}` places filled in. */
export function say(
  lang: Lang,
  key: MessageKey,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return (MESSAGES[lang][key] ?? key).replace(/\{(\w+)\}/g, (place, name: string) =>
    name in values ? String(values[name]) : place,
  );
}

/** The message under `key` if the page has one, else `fallback`. */
export function sayMaybe(lang: Lang, key: string, fallback: string): string {
  return MESSAGES[lang][key as MessageKey] ?? fallback;
}

export function isLang(value: unknown): value is Lang {
  return value === 'th' || value === 'en';
}
