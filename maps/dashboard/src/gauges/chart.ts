/** The hydrograph itself: uPlot with our own marks. Only this module knows uPlot. */
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock, dateTime, number } from '../format.ts';
import { type Lang, say } from '../i18n/index.ts';
import { type Columns, levelRange } from './series.ts';

const INK = '#15202b';
const SOFT = '#485560';
const WATER = '#0b3d91';
const LIKELY = '#2f74b5';
const BAND = 'rgb(66 146 198 / 22%)';
const SUSPECT = '#b26a00';
const BANK = '#7f0000';
const FLOOD = '#6b7884';
const THRESHOLD = '#8a6d1f';
/** Colour, width and dashes. */
const LINES: Record<Mark['kind'], readonly [string, number, readonly number[]]> = {
  bank: [BANK, 2, []],
  threshold: [THRESHOLD, 1.25, [8, 4]],
  flood: [FLOOD, 1.25, [2, 4]],
};
const FONT = '12px Sarabun, sans-serif';

/** A level drawn as a line across the chart, with its name. */
export interface Mark {
  readonly level: number;
  readonly label: string;
  readonly kind: 'bank' | 'threshold' | 'flood';
}

export interface Picture {
  readonly columns: Columns;
  readonly marks: readonly Mark[];
  /** Milliseconds: where observation ends, and what the slider shows. */
  readonly now: number;
  readonly at: number | null;
  readonly from: number;
  readonly to: number;
  readonly lang: Lang;
}

/** Draws a picture into an element until it is removed. */
export class Chart {
  #plot: UPlot | null = null;
  #picture: Picture | null = null;
  readonly #watch: ResizeObserver;

  constructor(readonly element: HTMLElement) {
    this.#watch = new ResizeObserver(() => this.#fit());
    this.#watch.observe(element);
  }

  draw(picture: Picture): void {
    const anew = this.#picture?.lang !== picture.lang;
    this.#picture = picture;
    if (anew) {
      this.#plot?.destroy();
      this.#plot = null;
    }
    const { columns } = picture;
    const data: UPlot.AlignedData = [
      columns.at,
      columns.high,
      columns.low,
      columns.likely,
      columns.observed,
      columns.suspect,
    ];
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = new UPlot(this.#options(picture.lang), data, this.element);
  }

  /** Puts the cross on a point of the columns, as the pointer would. */
  point(index: number | null): void {
    const plot = this.#plot;
    const at = index === null ? undefined : this.#picture?.columns.at[index];
    if (!plot) return;
    plot.setCursor(
      at === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(at, 'x'), top: 0 },
    );
  }

  remove(): void {
    this.#watch.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.element;
    if (this.#plot && clientWidth > 0 && clientHeight > 0) {
      this.#plot.setSize({ width: clientWidth, height: clientHeight });
    }
  }

  #options(lang: Lang): UPlot.Options {
    const axis = {
      stroke: SOFT,
      font: FONT,
      ticks: { stroke: '#d3d9de' },
      grid: { stroke: '#e5e9ec', width: 1 },
    };
    const hidden = { points: { show: false } };
    return {
      width: Math.max(this.element.clientWidth, 200),
      height: Math.max(this.element.clientHeight, 160),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      padding: [8, 10, 0, 0],
      scales: {
        x: { time: true, range: () => this.#span() },
        y: { range: () => this.#range() },
      },
      axes: [
        { ...axis, size: 34, space: 62, values: (_, splits) => splits.map((at) => tick(at, lang)) },
        { ...axis, size: 50, values: (_, splits) => splits.map((level) => number(level, lang, 1)) },
      ],
      series: [
        {},
        { stroke: 'transparent', ...hidden },
        { stroke: 'transparent', ...hidden },
        { stroke: LIKELY, width: 2, dash: [6, 4], ...hidden },
        { stroke: WATER, width: 2.5, ...hidden },
        {
          stroke: SUSPECT,
          width: 0,
          paths: () => null,
          points: { show: true, size: 7, width: 2, fill: '#ffffff' },
        },
      ],
      bands: [{ series: [1, 2], fill: BAND }],
      hooks: { drawClear: [(plot) => this.#ground(plot)], draw: [(plot) => this.#marks(plot)] },
    };
  }

  #span(): [number, number] {
    const { from = 0, to = 1 } = this.#picture ?? {};
    return [from / 1000, to / 1000];
  }

  #range(): [number, number] {
    const picture = this.#picture;
    return (
      (picture &&
        levelRange(
          picture.columns,
          picture.marks.map(({ level }) => level),
        )) ?? [0, 1]
    );
  }

  /** The future stands on a ground of its own. */
  #ground({ ctx, bbox, valToPos }: UPlot): void {
    const { now = 0 } = this.#picture ?? {};
    const x = Math.max(valToPos(now / 1000, 'x', true), bbox.left);
    ctx.fillStyle = '#f4f6f7';
    ctx.fillRect(x, bbox.top, Math.max(0, bbox.left + bbox.width - x), bbox.height);
  }

  #marks({ ctx, bbox, valToPos }: UPlot): void {
    const picture = this.#picture;
    if (!picture) return;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${12 * ratio}px Sarabun, sans-serif`;
    ctx.textBaseline = 'bottom';
    ctx.textAlign = 'left';
    let before = Number.NEGATIVE_INFINITY;
    for (const mark of [...picture.marks].sort((a, b) => b.level - a.level)) {
      const y = valToPos(mark.level, 'y', true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      across(ctx, bbox, mark.kind, y, ratio);
      // names that would lie on one another: the lower line goes unnamed, the table names all
      if (y - before < 14 * ratio) continue;
      before = y;
      words(ctx, mark.label, bbox.left + 5 * ratio, y - ratio, ratio);
    }
    const now = valToPos(picture.now / 1000, 'x', true);
    this.#upright(ctx, bbox, now, INK, say(picture.lang, 'time.now'), ratio);
    if (picture.at !== null) {
      const x = valToPos(picture.at / 1000, 'x', true);
      this.#upright(ctx, bbox, x, '#0f5a8a', dateTime(picture.at, picture.lang), ratio);
    }
    ctx.restore();
  }

  #upright(
    ctx: CanvasRenderingContext2D,
    bbox: UPlot.BBox,
    x: number,
    color: string,
    label: string,
    ratio: number,
  ): void {
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.5 * ratio;
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    const { width } = ctx.measureText(label);
    const left = Math.min(x + 4 * ratio, bbox.left + bbox.width - width - 2 * ratio);
    words(ctx, label, left, bbox.top + bbox.height - 3 * ratio, ratio);
  }
}

/** The line of a mark: a bank is whole, a threshold dashed, a remembered flood dotted. */
function across(
  ctx: CanvasRenderingContext2D,
  bbox: UPlot.BBox,
  kind: Mark['kind'],
  y: number,
  ratio: number,
): void {
  const [color, width, dash] = LINES[kind];
  ctx.strokeStyle = color;
  ctx.lineWidth = width * ratio;
  ctx.setLineDash(dash.map((length) => length * ratio));
  line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  ctx.setLineDash([]);
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

function words(
  ctx: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  ratio: number,
): void {
  ctx.lineWidth = 4 * ratio;
  ctx.strokeStyle = 'rgb(255 255 255 / 85%)';
  ctx.strokeText(text, x, y);
  ctx.fillStyle = INK;
  ctx.fillText(text, x, y);
}

/** Hours within a day; at midnight the day. */
function tick(seconds: number, lang: Lang): string {
  const when = new Date(seconds * 1000);
  if (when.getHours() !== 0 || when.getMinutes() !== 0) return clock(when, lang);
  const locale = lang === 'th' ? 'th-TH-u-nu-latn' : 'en-GB';
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }).format(when);
}
