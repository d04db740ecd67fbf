const KEY = 'muang.sound';
const TONES = [880, 660] as const;
const TONE_S = 0.18;

/** A short sound for a new critical incident; off until somebody wants it. */
export class Sound {
  on = kept();
  #context: AudioContext | null = null;

  toggle(): void {
    this.on = !this.on;
    try {
      if (this.on) localStorage.setItem(KEY, 'on');
      else localStorage.removeItem(KEY);
    } catch {
      // storage may be refused; it holds until the page is closed
    }
    // heard at once, so that people know what to listen for
    this.play();
  }

  play(): void {
    if (!this.on) return;
    this.#context ??= new AudioContext();
    const context = this.#context;
    for (const [place, tone] of TONES.entries()) {
      const start = context.currentTime + place * TONE_S;
      const source = new OscillatorNode(context, { frequency: tone });
      const loud = new GainNode(context, { gain: 0.15 });
      source.connect(loud).connect(context.destination);
      source.start(start);
      source.stop(start + TONE_S);
    }
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on';
  } catch {
    return false;
  }
}
