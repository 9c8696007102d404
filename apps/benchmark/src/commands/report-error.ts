import { printable, SslError } from '@selfsup/ssl-core';
import { InterruptedError } from '../runs/interrupted-error.js';

/**
 * Writes an error for people: one line, with the stack and its causes only where asked for.
 *
 * @returns exit status
 */
export function reportError(
  error: unknown,
  { debug, stream }: { debug: boolean; stream: { write(text: string): unknown } },
): number {
  if (InterruptedError.isInstance(error)) {
    stream.write(`${printable(error.message)}\n`);
    return error.status;
  }
  const message = error instanceof Error ? error.message : String(error);
  const oneLine = printable(message.replaceAll(/\s*\n\s*/g, ' '));
  const unexpected = SslError.isInstance(error) || debug ? '' : ' (unexpected; --debug shows where)';
  stream.write(`ssl-benchmark: ${error instanceof Error ? `${error.name}: ` : ''}${oneLine}${unexpected}\n`);
  if (debug && error instanceof Error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      stream.write(`${(cause.stack ?? cause.message).split('\n').map(printable).join('\n')}\n`);
  }
  return 1;
}
