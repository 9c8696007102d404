import { Presets, SingleBar } from 'cli-progress';
import type { OutputStream } from './command-streams.js';

/** Shows how far a piece of work is: a bar on a terminal, a line now and then elsewhere. */
export interface WorkProgress {
  /** `done` samples are behind us, `bytes` were written. */
  update(done: number, bytes?: number): void;
  /** Leaves the terminal as it was found. */
  stop(): void;
}

const secondsBetweenLines = 10;

/**
 * @param stream nothing is shown without one
 * @param now seconds of some clock
 */
export function startProgress(
  title: string,
  total: number,
  stream: OutputStream | undefined,
  now: () => number = () => performance.now() / 1000,
): WorkProgress {
  if (stream === undefined) return { update: () => {}, stop: () => {} };
  const started = now();
  const status = (done: number, bytes: number | undefined): { speed: string; left: string; size: string } => {
    const seconds = now() - started;
    const known = done > 0 && seconds > 0;
    return {
      speed: known ? `${Math.round(done / seconds)} samples/s` : '- samples/s',
      left: known ? clock((seconds / done) * (total - done)) : '-',
      size: bytes === undefined ? '' : ` | ${byteText(bytes)}`,
    };
  };
  if (stream.isTTY === true) {
    const bar = new SingleBar(
      {
        stream: stream as NodeJS.WritableStream,
        format: `${title} {bar} {value}/{total}{size} | {speed} | {left} left`,
        barsize: 24,
        hideCursor: true,
        // The command decides what a signal does.
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    bar.start(total, 0, status(0, undefined));
    return { update: (done, bytes) => bar.update(done, status(done, bytes)), stop: () => bar.stop() };
  }
  let shown = started;
  return {
    update(done, bytes) {
      if (now() - shown < secondsBetweenLines) return;
      shown = now();
      const { speed, left, size } = status(done, bytes);
      stream.write(`${title} ${done}/${total}${size} | ${speed} | ${left} left\n`);
    },
    stop: () => {},
  };
}

/** Seconds as `m:ss` or `h:mm:ss`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** Bytes for people, by powers of 1000. */
export function byteText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}
