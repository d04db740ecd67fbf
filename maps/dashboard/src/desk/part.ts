import { Part } from '../ui/part.ts';
import type { Desk } from './desk.ts';

/** A part of the page that comes with the desk. */
export abstract class DeskPart extends Part {
  protected get desk(): Desk {
    // the desk defines its elements only once it is there
    return this.app.desk as Desk;
  }
}
