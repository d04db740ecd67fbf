import qrcode from 'qrcode-generator';

/** White modules around the code, so that cameras find it. */
const QUIET = 4;

export interface Qr {
  /** Modules along one side, the quiet margin included. */
  readonly size: number;
  /** SVG path data of the dark modules, one unit each. */
  readonly path: string;
}

/** A text as a QR code: a path of our own drawing, since the page allows no inline styles. */
export function qrOf(text: string): Qr {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  const parts: string[] = [];
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (code.isDark(row, column)) parts.push(`M${column + QUIET} ${row + QUIET}h1v1h-1z`);
    }
  }
  return { size: count + 2 * QUIET, path: parts.join('') };
}
