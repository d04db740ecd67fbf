import { en, type MessageKey } from './en.ts';
import { th } from './th.ts';

export type { MessageKey };
export type Lang = 'th' | 'en';
export const LANGS: readonly Lang[] = ['th', 'en'];

/** Text in both languages, as the server sends it. */
export interface Text {
  readonly th: string;
  readonly en: string;
}

const MESSAGES: Record<Lang, Record<MessageKey, string>> = { th, en };

/** The page's own words in `lang`, with `{name}` places filled in. */
export function say(
  lang: Lang,
  key: MessageKey,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return MESSAGES[lang][key].replace(/\{(\w+)\}/g, (place, name: string) =>
    name in values ? String(values[name]) : place,
  );
}

/** The message under `key` if the page has one, else `fallback`. */
export function sayMaybe(lang: Lang, key: string, fallback: string): string {
  return key in en ? MESSAGES[lang][key as MessageKey] : fallback;
}

export function isLang(value: unknown): value is Lang {
  return value === 'th' || value === 'en';
}
