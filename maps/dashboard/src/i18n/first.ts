import { isLang, type Lang } from './index.ts';

const KEY = 'muang.lang';

/** The link's language, then the one chosen here before, then the browser's, then Thai. */
export function firstLang(asked: Lang | undefined): Lang {
  if (asked) return asked;
  try {
    const kept = localStorage.getItem(KEY);
    if (isLang(kept)) return kept;
  } catch {
    // storage may be refused
  }
  return navigator.language.startsWith('en') ? 'en' : 'th';
}

/** Remembers the language for the next visit. */
export function keepLang(lang: Lang): void {
  try {
    localStorage.setItem(KEY, lang);
  } catch {
    // storage may be refused; the link still carries the language
  }
}
