import '../styles/desk.css';
import type { App } from '../app/app.ts';
import { desk as en } from '../i18n/desk.en.ts';
import { desk as th } from '../i18n/desk.th.ts';
import { addWords } from '../i18n/index.ts';
import { Desk } from './desk.ts';
import { Hydrograph } from './hydrograph.ts';
import { Kpis } from './kpis.ts';
import { TimeSlider } from './time-slider.ts';
import { Watch } from './watch.ts';

/** Brings the desk to a page that has its map: its words, its elements, its data. */
export function openDesk(app: App): Desk {
  addWords({ th, en });
  const desk = new Desk(app);
  app.desk = desk;
  customElements.define('muang-kpis', Kpis);
  customElements.define('muang-hydrograph', Hydrograph);
  customElements.define('muang-watch', Watch);
  customElements.define('muang-time', TimeSlider);
  app.store.set({ desk: true });
  desk.start();
  return desk;
}
