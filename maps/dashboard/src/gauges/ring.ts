/** The last `size` points of a series in order of time, in memory that never grows. */
export class Ring {
  readonly #at: Float64Array;
  readonly #value: Float64Array;
  readonly #bits: Uint16Array;
  #first = 0;
  #length = 0;

  constructor(readonly size: number) {
    this.#at = new Float64Array(size);
    this.#value = new Float64Array(size);
    this.#bits = new Uint16Array(size);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a later point, or puts a point of the same time in its place; an earlier one is late. */
  push(at: number, value: number, bits = 0): void {
    const last = this.#length - 1;
    if (last >= 0 && at <= this.at(last)) {
      this.#mend(at, value, bits);
      return;
    }
    const place = (this.#first + this.#length) % this.size;
    this.#write(place, at, value, bits);
    if (this.#length < this.size) this.#length += 1;
    else this.#first = (this.#first + 1) % this.size;
  }

  at(index: number): number {
    return this.#at[this.#place(index)] ?? Number.NaN;
  }

  value(index: number): number {
    return this.#value[this.#place(index)] ?? Number.NaN;
  }

  bits(index: number): number {
    return this.#bits[this.#place(index)] ?? 0;
  }

  /** A late or revised point goes where it belongs. */
  #mend(at: number, value: number, bits: number): void {
    let index = this.#length - 1;
    while (index >= 0 && this.at(index) > at) index -= 1;
    if (index >= 0 && this.at(index) === at) {
      this.#write(this.#place(index), at, value, bits);
      return;
    }
    const full = this.#length === this.size;
    // older than everything that is kept
    if (full && index < 0) return;
    const points = [...this.#all()];
    points.splice(index + 1, 0, [at, value, bits]);
    if (full) points.shift();
    this.#first = 0;
    this.#length = points.length;
    for (const [place, point] of points.entries()) this.#write(place, ...point);
  }

  *#all(): Iterable<readonly [number, number, number]> {
    for (let index = 0; index < this.#length; index++) {
      yield [this.at(index), this.value(index), this.bits(index)];
    }
  }

  #place(index: number): number {
    return (this.#first + index) % this.size;
  }

  #write(place: number, at: number, value: number, bits: number): void {
    this.#at[place] = at;
    this.#value[place] = value;
    this.#bits[place] = bits;
  }
}
