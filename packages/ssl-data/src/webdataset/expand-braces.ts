import { checkCount, checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';

export interface ExpandBracesOptions {
  /** Largest number of results. Default 1,000,000. */
  readonly maxResults?: number;
}

const expandBracesOptionNames: OptionNames<ExpandBracesOptions> = {
  maxResults: 'optionalNumber',
};

const where = 'expandBraces';
const maxLength = 4096;
const maxDepth = 32;
const integers = /^(-?\d{1,15})\.\.(-?\d{1,15})(?:\.\.-?(\d{1,15}))?$/;
const letters = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.-?(\d{1,15}))?$/;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Expands `{000..146}`, `{a..e}`, `{1..9..2}` and `{train,val}`, nested too, and splits at `::`.
 *
 * A number that starts with 0 pads all numbers of its range to the same width. A backslash takes the next character as
 * it is. Braces without comma or range stay as they are.
 *
 * @param pattern such as `train-{000000..000146}.tar`, or two of them joined by `::`
 * @returns the names, the last braces counting fastest
 * @throws InvalidOptionError for braces that do not match, and for more results than the limit
 * Source: `braceexpand` 0.1.7 and `expand_urls` of webdataset 1.0 (Python). Deviates: no `${VARIABLE}` of the
 * environment; `::` inside brackets (an IPv6 address) does not split.
 */
export function expandBraces(pattern: string, options: ExpandBracesOptions = {}): string[] {
  checkOptions('expandBraces', options, expandBracesOptionNames);
  const { maxResults = 1_000_000 } = options;
  checkCount(where, { maxResults });
  if (typeof pattern !== 'string') throw new InvalidOptionError(where, 'pattern', 'text', pattern);
  if (pattern.length > maxLength)
    throw new InvalidOptionError(where, 'pattern', `at most ${maxLength} characters`, `${pattern.length} characters`);
  const results: string[] = [];
  for (const part of pattern.split(/::(?![^[\]]*\])/)) {
    for (const result of expand(part, maxResults)) {
      if (results.length === maxResults) throw tooMany(maxResults);
      results.push(result.includes('\\') ? result.replaceAll(/\\(.)/g, '$1') : result);
    }
  }
  return results;
}

function expand(pattern: string, limit: number, depth = 0): string[] {
  if (depth > maxDepth)
    throw new InvalidOptionError(where, 'pattern', `braces nested at most ${maxDepth} deep`, 'more');
  let results = [''];
  let start = 0;
  const append = (choices: readonly string[]): void => {
    if (results.length * choices.length > limit) throw tooMany(limit);
    // Literal text between braces is the common case.
    if (choices.length === 1) results = results.map((head) => head + choices[0]!);
    else results = results.flatMap((head) => choices.map((choice) => head + choice));
  };
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '}') throw unbalanced(pattern);
    else if (pattern[at] === '{') {
      const end = closing(pattern, at);
      append([pattern.slice(start, at)]);
      append(choicesOf(pattern.slice(at + 1, end), limit, depth));
      at = end;
      start = end + 1;
    }
  }
  append([pattern.slice(start)]);
  return results;
}

/** Place of the brace that closes the one at `open`. */
function closing(pattern: string, open: number): number {
  let depth = 0;
  for (let at = open; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '{') depth++;
    else if (pattern[at] === '}' && --depth === 0) return at;
  }
  throw unbalanced(pattern);
}

function choicesOf(inner: string, limit: number, depth: number): string[] {
  const range = integers.exec(inner);
  if (range !== null) return integerRange(range[1]!, range[2]!, range[3], limit);
  const span = letters.exec(inner);
  if (span !== null)
    return series(alphabet.indexOf(span[1]!), alphabet.indexOf(span[2]!), span[3], limit).map((at) => alphabet[at]!);
  const parts = splitAtCommas(inner);
  if (parts.length === 1) return expand(inner, limit, depth + 1).map((text) => `{${text}}`);
  const choices: string[] = [];
  for (const part of parts) {
    choices.push(...expand(part, limit, depth + 1));
    if (choices.length > limit) throw tooMany(limit);
  }
  return choices;
}

function splitAtCommas(inner: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < inner.length; at++) {
    if (inner[at] === '\\') at++;
    else if (inner[at] === '{') at = closing(inner, at);
    else if (inner[at] === ',') {
      parts.push(inner.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, inner.slice(start)];
}

function integerRange(first: string, last: string, step: string | undefined, limit: number): string[] {
  const padded = [first, last].some((text) => /^-?0./.test(text));
  const width = padded ? Math.max(first.length, last.length) : 0;
  return series(Number(first), Number(last), step, limit).map((value) => {
    const digits = String(Math.abs(value));
    return value < 0 ? `-${digits.padStart(width - 1, '0')}` : digits.padStart(width, '0');
  });
}

/** Numbers from `first` to `last`, both included, in either direction. */
function series(first: number, last: number, step: string | undefined, limit: number): number[] {
  const by = Math.max(1, Number(step ?? 1));
  const count = Math.floor(Math.abs(last - first) / by) + 1;
  if (count > limit) throw tooMany(limit);
  return Array.from({ length: count }, (_, index) => first + index * by * (last < first ? -1 : 1));
}

function tooMany(limit: number): InvalidOptionError {
  return new InvalidOptionError(where, 'pattern', `a pattern of at most ${limit} names (see maxResults)`, 'more');
}

function unbalanced(pattern: string): InvalidOptionError {
  return new InvalidOptionError(where, 'pattern', 'braces in pairs; write \\{ for a brace of the name', pattern);
}
