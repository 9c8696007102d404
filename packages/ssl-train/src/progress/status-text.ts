/** Seconds as `m:ss` or `h:mm:ss`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
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
