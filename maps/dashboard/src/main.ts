import './styles/fonts.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/panels.css';
import { App } from './app/app.ts';
import { readUrl } from './app/url.ts';
import { isLang, type Lang } from './i18n/index.ts';
import { Header } from './ui/header.ts';
import { Impact } from './ui/impact.ts';
import { Legend } from './ui/legend.ts';
import { fetchMap, MapView } from './ui/map-view.ts';
import { RecordPanel } from './ui/record.ts';
import { Shell } from './ui/shell.ts';
import { TableTwin } from './ui/table.ts';
import { Toasts } from './ui/toasts.ts';
import { ZonePicker } from './ui/zone-picker.ts';

/** The link's language, then the one chosen here before, then the browser's, then Thai. */
function firstLang(asked: Lang | undefined): Lang {
  if (asked) return asked;
  try {
    const kept = localStorage.getItem('muang.lang');
    if (isLang(kept)) return kept;
  } catch {
    // storage may be refused
  }
  return navigator.language.startsWith('en') ? 'en' : 'th';
}

const asked = readUrl(location.hash);
const app = new App(firstLang(asked.lang), asked);
document.documentElement.lang = app.store.state.lang;

customElements.define('muang-header', Header);
customElements.define('muang-legend', Legend);
customElements.define('muang-map', MapView);
customElements.define('muang-zones', ZonePicker);
customElements.define('muang-impact', Impact);
customElements.define('muang-record', RecordPanel);
customElements.define('muang-table', TableTwin);
customElements.define('muang-toasts', Toasts);

const shell = document.querySelector('muang-app') as Shell | null;
if (shell) shell.app = app;
customElements.define('muang-app', Shell);
fetchMap().catch(() => undefined); // the map itself says so when it is needed
void app.start(asked);
