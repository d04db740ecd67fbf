import './styles/fonts.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/panels.css';
import { App } from './app/app.ts';
import { takeReturn } from './app/return.ts';
import { readUrl } from './app/url.ts';
import { firstLang } from './i18n/first.ts';
import { Header } from './ui/header.ts';
import { Impact } from './ui/impact.ts';
import { Legend } from './ui/legend.ts';
import { fetchMap, MapView } from './ui/map-view.ts';
import { RecordPanel } from './ui/record.ts';
import { Shell } from './ui/shell.ts';
import { TableTwin } from './ui/table.ts';
import { Toasts } from './ui/toasts.ts';
import { Who } from './ui/who.ts';
import { ZonePicker } from './ui/zone-picker.ts';

const back = takeReturn();
const hash = back.indexOf('#');
// back from a provider's pages, which lose the fragment
if (hash >= 0 && !location.hash) history.replaceState(null, '', back.slice(hash));

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
customElements.define('muang-who', Who);

const shell = document.querySelector('muang-app') as Shell | null;
if (shell) shell.app = app;
customElements.define('muang-app', Shell);
fetchMap().catch(() => undefined); // the map itself says so when it is needed
void app.start(asked);

// Back brings a kept page to life as it was: whoever signed in must not be met there again
addEventListener('pagehide', ({ persisted }) => {
  if (persisted && app.store.state.me.value?.authenticated) app.clear('other');
});
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  if (app.store.state.leaving) location.reload();
  else void app.recheck();
});
