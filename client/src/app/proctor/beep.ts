/** A short soft tone. Browsers allow sound only after a click, which is how it is turned on. */

let context: AudioContext | undefined;

export function beep(hertz: number): void {
  context ??= new AudioContext();
  const now = context.currentTime;
  const tone = new OscillatorNode(context, { frequency: hertz });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, now);
  volume.gain.linearRampToValueAtTime(0.12, now + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, now + 0.25);
  tone.connect(volume).connect(context.destination);
  tone.start(now);
  tone.stop(now + 0.26);
}
