import '../styles/desk.css';
import type { App } from '../app/app.ts';
import { AskMenu } from '../ask/menu.ts';
import { desk as en } from '../i18n/desk.en.ts';
import { desk as th } from '../i18n/desk.th.ts';
import { addWords } from '../i18n/index.ts';
import { keepPictures } from '../offline/keep.ts';
import { BoardLinks } from './board-links.ts';
import { Compare } from './compare.ts';
import { CutOffCard } from './cut-off.ts';
import { Desk } from './desk.ts';
import { DossierButton } from './dossier.ts';
import { Flag } from './event.ts';
import { Hydrograph } from './hydrograph.ts';
import { IncidentPanel } from './incident.ts';
import { Kpis } from './kpis.ts';
import { Needs } from './needs.ts';
import { QuickActions } from './quick.ts';
import { Raise } from './raise.ts';
import { Search } from './search.ts';
import { TimeSlider } from './time-slider.ts';
import { Watch } from './watch.ts';

/** Brings the desk to a page that has its map: its words, its elements, its data. */
export function openDesk(app: App): Desk {
  addWords({ th, en });
  const desk = new Desk(app);
  app.desk = desk;
  customElements.define('muang-kpis', Kpis);
  customElements.define('muang-hydrograph', Hydrograph);
  customElements.define('muang-raise', Raise);
  customElements.define('muang-incident', IncidentPanel);
  customElements.define('muang-needs', Needs);
  customElements.define('muang-watch', Watch);
  customElements.define('muang-board-links', BoardLinks);
  customElements.define('muang-flag', Flag);
  customElements.define('muang-search', Search);
  customElements.define('muang-cut-off', CutOffCard);
  customElements.define('muang-compare', Compare);
  customElements.define('muang-ask', AskMenu);
  customElements.define('muang-dossier', DossierButton);
  customElements.define('muang-quick', QuickActions);
  customElements.define('muang-time', TimeSlider);
  app.store.set({ desk: true });
  desk.start();
  keepPictures();
  return desk;
}
