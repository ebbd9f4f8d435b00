/** Recording a voice note: what was said, how long, and how loud over time. */
import { loudness } from '../../models/waveform.ts';

const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const SAMPLE_MS = 100;
const BITS_PER_S = 32_000;

export interface Recording {
  readonly file: Blob;
  readonly durationMs: number;
  readonly levels: readonly number[];
}

/** A recording that runs. */
export interface Running {
  /** End it; what was recorded. */
  finish(): Promise<Recording>;
  /** End it and throw it away. */
  discard(): void;
}

/** Begin; `onlevel` is told the loudness ten times a second. Rejects when there is no microphone. */
export async function record(onlevel: (levels: readonly number[]) => void): Promise<Running> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 },
  });
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? '';
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_S });
  const pieces: Blob[] = [];
  recorder.ondataavailable = ({ data: piece }) => {
    pieces.push(piece);
  };
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  analyser.fftSize = 2048;
  audio.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const levels: number[] = [];
  const startedMs = performance.now();
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    levels.push(loudness(samples));
    onlevel(levels);
  }, SAMPLE_MS);
  recorder.start(1000);

  const close = (): void => {
    clearInterval(timer);
    for (const track of stream.getTracks()) {
      track.stop();
    }
    void audio.close();
  };
  return {
    finish: () =>
      new Promise((resolve) => {
        const durationMs = Math.round(performance.now() - startedMs);
        recorder.onstop = () => {
          close();
          const [type = 'audio/webm'] = recorder.mimeType.split(';');
          resolve({ file: new Blob(pieces, { type }), durationMs, levels });
        };
        recorder.stop();
      }),
    discard: () => {
      recorder.onstop = null;
      if (recorder.state !== 'inactive') recorder.stop();
      close();
    },
  };
}
