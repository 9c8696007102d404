/**
 * Adds a sentence to an error's message, and to its stack, which is what Node prints of an error that nobody catches.
 * Errors that do not let themselves be changed stay as they are.
 */
export function addNote(error: unknown, note: string): void {
  if (!(error instanceof Error)) return;
  const { message, stack } = error;
  const noted = `${message}${/[.!?]$/.test(message) ? '' : '.'} ${note}`;
  const define = (name: string, value: string): boolean =>
    Reflect.defineProperty(error, name, { value, writable: true, configurable: true, enumerable: false });
  if (define('message', noted) && stack !== undefined && message !== '')
    define(
      'stack',
      stack.replace(message, () => noted),
    );
}
