/** A value of a Python literal: tuples and lists as arrays, dictionaries as maps. */
export type PythonLiteral =
  | string
  | number
  | boolean
  | null
  | readonly PythonLiteral[]
  | ReadonlyMap<string, PythonLiteral>;

/** A text is no literal of the kind that is understood. */
export class PythonLiteralError extends Error {
  /** Character of the text. */
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(reason);
    this.offset = offset;
  }
}

const maxDepth = 8;
const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

/**
 * Parses the part of Python's literals that headers of arrays are made of: dictionaries with string keys, tuples, lists,
 * strings without escapes, integers (also Python 2's `3L`), True, False and None. Nothing is ever evaluated.
 *
 * @returns the value
 * @throws PythonLiteralError for anything else, for a repeated key, an integer beyond 2^53, and text after the literal
 */
export function parsePythonLiteral(text: string): PythonLiteral {
  let at = 0;

  const fail = (reason: string): never => {
    throw new PythonLiteralError(reason, at);
  };
  const space = () => {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++;
  };
  /** Takes `token` if it comes next. */
  const take = (token: string): boolean => {
    space();
    if (text[at] !== token) return false;
    at++;
    return true;
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at += found[0].length;
    return found[0];
  };

  /** Items up to `close`; says whether a comma followed the last one. */
  const items = (close: string, item: () => void): boolean => {
    let comma = true;
    while (!take(close)) {
      if (!comma) fail(`expected ',' or '${close}'`);
      item();
      comma = take(',');
    }
    return comma;
  };

  const value = (depth: number): PythonLiteral => {
    if (depth > maxDepth) fail(`nested deeper than ${maxDepth}`);
    if (take('{')) {
      const map = new Map<string, PythonLiteral>();
      items('}', () => {
        space();
        const key = string() ?? fail('expected a string as key');
        if (map.has(key)) fail(`key '${key}' comes twice`);
        if (!take(':')) fail("expected ':'");
        map.set(key, value(depth + 1));
      });
      return map;
    }
    if (take('[')) {
      const list: PythonLiteral[] = [];
      items(']', () => list.push(value(depth + 1)));
      return list;
    }
    if (take('(')) {
      const tuple: PythonLiteral[] = [];
      const comma = items(')', () => tuple.push(value(depth + 1)));
      // `(3)` is a number in brackets, `(3,)` a tuple.
      return tuple.length === 1 && !comma ? tuple[0]! : tuple;
    }
    return string() ?? integer() ?? constant();
  };

  const string = (): string | undefined => match(/'[^'\\\n]*'|"[^"\\\n]*"/y)?.slice(1, -1);
  const integer = (): number | undefined => {
    const digits = match(/-?\d+L?(?![\w.])/y);
    if (digits === undefined) return undefined;
    const number = Number(digits.replace('L', ''));
    return Number.isSafeInteger(number) ? number : fail(`${digits} is beyond 2^53`);
  };
  const constant = (): boolean | null => {
    const start = at;
    const word = match(/\w+/y);
    const found = word === undefined ? undefined : constants.get(word);
    if (found !== undefined) return found;
    at = start;
    return fail('expected a literal');
  };

  const result = value(0);
  space();
  return at === text.length ? result : fail('text after the literal');
}
