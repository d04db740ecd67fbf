import './boards.css';
import type { App } from '../app/app.ts';
import type { Desk } from '../desk/desk.ts';
import { addWords } from '../i18n/index.ts';
import { BoardsPanel } from './panel.ts';
import { PowerBoard } from './power.ts';
import { RoadBoard } from './roads.ts';
import { BoardRoom } from './room.ts';
import { RunBoard } from './runs.ts';
import { ShelterBoard } from './shelters.ts';
import { StayList } from './stays.ts';
import { TeamBoard } from './teams.ts';
import { boards as en } from './words.en.ts';
import { boards as th } from './words.th.ts';

/** Brings the boards to the desk: their words, their elements, their data. */
export function openRoom(app: App, desk: Desk): BoardRoom {
  addWords({ th, en });
  const room = new BoardRoom(app, desk);
  desk.room = room;
  customElements.define('muang-stays', StayList);
  customElements.define('muang-board-shelters', ShelterBoard);
  customElements.define('muang-board-runs', RunBoard);
  customElements.define('muang-board-roads', RoadBoard);
  customElements.define('muang-board-teams', TeamBoard);
  customElements.define('muang-board-power', PowerBoard);
  customElements.define('muang-boards', BoardsPanel);
  return room;
}
