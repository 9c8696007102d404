import { printable } from '@selfsup/ssl-core';

/** Seconds as `m:ss` or `h:mm:ss`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** Time that is left, as a word of a status. */
export function leftText(seconds: number | undefined): string {
  return seconds === undefined ? '- left' : `${durationText(seconds)} left`;
}

/** Seconds in words, as exact as an estimate is: `4.4 ms`, `0.52 s`, `34 s`, `7 min`, `3 h 20 min`. */
export function roughDuration(seconds: number): string {
  if (seconds < 0.0995) return `${Number((1000 * seconds).toPrecision(2))} ms`;
  if (seconds < 9.95) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** Bytes in GB of 10^9, or in MB below a tenth of one. */
export function bytesText(bytes: number): string {
  if (bytes < 1e6) return 'under 1 MB';
  return bytes < 1e8 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A loss with four significant digits. */
export function lossText(loss: number | undefined): string {
  return loss === undefined ? '-' : loss.toPrecision(4);
}

/** Samples per second. */
export function speedText(samplesPerSecond: number): string {
  if (samplesPerSecond === 0) return '- samples/s';
  return `${samplesPerSecond >= 100 ? Math.round(samplesPerSecond) : samplesPerSecond.toPrecision(3)} samples/s`;
}

/** The share of the time that was waiting for the loader, from a tenth on, as parts of a status: one or none. */
export function waitingTexts(share = 0): string[] {
  return share < 0.1 ? [] : [`${Math.round(100 * share)} % waiting for data`];
}

/** Numbers of observers: `knn 0.7125, level 0.031`; what a name would do to a terminal is shown instead of done. */
export function figuresText(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${printable(name)} ${Number.isInteger(value) ? value : Number(value.toPrecision(4))}`)
    .join(', ');
}
