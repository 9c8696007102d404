/**
 * Whether text for a stream may have colours: only a terminal's, unless the environment says otherwise. NO_COLOR that is
 * not empty means none (no-color.org); FORCE_COLOR means colours, and `0` or `false` none, as Node has it.
 *
 * @param stream such as `process.stdout`
 */
export function usesColour(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>> = globalThis.process?.env ?? {},
): boolean {
  const { NO_COLOR: none = '', FORCE_COLOR: forced, TERM: terminal } = environment;
  if (none !== '') return false;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && terminal !== 'dumb';
}
