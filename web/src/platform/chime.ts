/** The short tone of a new message: two soft notes, made here and not loaded. */

const NOTES_HZ = [659.25, 987.77];
const NOTE_S = 0.12;
const FADE_S = 0.35;
const LOUDNESS = 0.08;
const SILENCE = 0.0001;

/** Plays the tone; a browser in which nobody has tapped yet stays silent. */
export class Chime {
  readonly #make: () => AudioContext | undefined;
  #audio: AudioContext | undefined;

  constructor(make: () => AudioContext | undefined) {
    this.#make = make;
  }

  async play(): Promise<void> {
    try {
      this.#audio ??= this.#make();
      const audio = this.#audio;
      if (audio === undefined) {
        return;
      }
      await audio.resume();
      NOTES_HZ.forEach((note, at) => {
        sound(audio, note, audio.currentTime + at * NOTE_S);
      });
    } catch {
      // No sound is no loss: the message is on the page.
    }
  }
}

function sound(audio: AudioContext, noteHz: number, atS: number): void {
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  tone.frequency.value = noteHz;
  loudness.gain.setValueAtTime(SILENCE, atS);
  loudness.gain.exponentialRampToValueAtTime(LOUDNESS, atS + 0.015);
  loudness.gain.exponentialRampToValueAtTime(SILENCE, atS + FADE_S);
  tone.connect(loudness).connect(audio.destination);
  tone.start(atS);
  tone.stop(atS + FADE_S);
}
