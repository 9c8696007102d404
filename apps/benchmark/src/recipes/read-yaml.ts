import { DataError } from '@selfsup/ssl-core';
import { Lexer, parseDocument, Parser } from 'yaml';
import type { CST } from 'yaml';

/** What a recipe may hold at most; the app's own are a hundredth of it. */
export const yamlLimits = {
  bytes: 1 << 16,
  /** Keys, list entries, anchors, aliases and tags, as they are written. */
  parts: 2000,
  /** Maps and lists within each other. */
  depth: 16,
  /** Values in all, aliases counted as often as they are used. */
  values: 10_000,
} as const;

/** What the lexer calls the marks of a part: entries, keys, values, collections, anchors, aliases, tags. */
const partMarks = /^(?:[-?:[\]{},]$|[&*!])/;

/**
 * Reads YAML from strangers: plain data in bounded time and memory. Depth, keys and aliases are counted before anything
 * is built of them. Aliases may repeat a value, and never hold themselves.
 *
 * @param bytes UTF-8
 * @param path named in errors
 * @returns null, booleans, numbers, strings, arrays, and objects with string keys
 * @throws DataError for what is no YAML, is no UTF-8, is beyond {@link yamlLimits}, has a key twice, a key that is no
 * text, a tag of its own or a value that holds itself
 */
export function readYaml(bytes: Uint8Array, path: string): unknown {
  if (bytes.length > yamlLimits.bytes)
    throw new DataError(`has ${bytes.length} bytes, a recipe at most ${yamlLimits.bytes}; is it a recipe?`, { path });
  const text = decode(bytes, path);
  checkParts(text, path);
  checkNesting(text, path);
  const document = parseDocument(text, { stringKeys: true, prettyErrors: true });
  // A warning is a tag that nothing is known of.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line;
    const reason =
      problem.code === 'MULTIPLE_DOCS'
        ? 'holds several documents (---), a recipe is one'
        : problem.message.split('\n')[0]!.replace(/:$/, '');
    throw new DataError(`not valid YAML: ${reason}`, {
      path,
      ...(line === undefined ? {} : { offset: line }),
      cause: problem,
    });
  }
  let value: unknown;
  try {
    // Counted by what they grow to, below.
    value = document.toJS({ maxAliasCount: -1 });
  } catch (cause) {
    throw new DataError(`not valid YAML: ${(cause as Error).message.split('\n')[0]}`, { path, cause });
  }
  checkValues(value, path);
  return value;
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError('is not UTF-8 text; save the recipe as UTF-8', { path, cause });
  }
}

function checkParts(text: string, path: string): void {
  let parts = 0;
  for (const token of new Lexer().lex(text)) {
    if (partMarks.test(token) && ++parts > 3 * yamlLimits.parts) throw tooMany('keys and entries', path);
  }
}

/** Before the document is composed, which takes a frame of the stack for each level. */
function checkNesting(text: string, path: string): void {
  const open: { readonly token: CST.Token; readonly depth: number }[] = [];
  for (const token of new Parser().parse(text)) open.push({ token, depth: 0 });
  let parts = 0;
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { token, depth } = top;
    if (depth > yamlLimits.depth)
      throw new DataError(`has more than ${yamlLimits.depth} levels of maps and lists within each other`, { path });
    if (token.type === 'document' && token.value !== undefined) open.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const { start, key, value } of token.items as readonly CST.CollectionItem[]) {
      parts += 1 + start.filter(({ type }) => type === 'anchor' || type === 'tag').length;
      if (parts > yamlLimits.parts) throw tooMany('keys and entries', path);
      for (const child of [key, value])
        if (child !== undefined && child !== null) open.push({ token: child, depth: depth + 1 });
    }
  }
}

/** Refuses values that hold themselves, and those that aliases make large. */
function checkValues(root: unknown, path: string): void {
  let values = 0;
  const above = new Set<object>();
  const visit = (value: unknown, depth: number): void => {
    if (++values > yamlLimits.values) throw tooMany('values', path);
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
      throw new DataError('has a value with a tag (such as !!binary or !!timestamp); write it without', { path });
    if (above.has(value))
      throw new DataError('has an alias (*name) inside the value that it repeats; write the value out', { path });
    if (depth > yamlLimits.depth)
      throw new DataError(`has more than ${yamlLimits.depth} levels of maps and lists within each other`, { path });
    above.add(value);
    for (const child of Object.values(value) as unknown[]) visit(child, depth + 1);
    above.delete(value);
  };
  visit(root, 0);
}

function tooMany(what: string, path: string): DataError {
  const limit = what === 'values' ? yamlLimits.values : yamlLimits.parts;
  return new DataError(`has more than ${limit} ${what}, which no recipe needs; is it a recipe?`, { path });
}
