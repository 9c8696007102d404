/** Deep enough to see past TF.js's own frames. */
const depth = 100;

export function currentStack(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = depth;
  const { stack } = new Error('trace');
  Error.stackTraceLimit = limit;
  return stack ?? '';
}

/**
 * First frame of the current stack that is neither TF.js's, nor this package's, nor Node's: 'file:line:column'.
 *
 * @param ignore files to pass over too
 */
export function userLine(stack = currentStack(), ignore?: RegExp): string | undefined {
  for (const line of stack.split('\n').slice(1)) {
    if (
      /[\\/]tfjs-(?:core|layers|backend-\w+)[\\/](?:src|dist)[\\/]|node_modules[\\/]@tensorflow|[\\/]ssl-tensor[\\/](src|dist)[\\/](?!.*\.test\.)|\(?node:|<anonymous>/.test(
        line,
      )
    )
      continue;
    const match = /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(line.trim());
    const place = match?.[1]!.replace(/^file:\/\//, '');
    if (place !== undefined && ignore?.test(place) !== true) return place;
  }
  return undefined;
}
