import { withArticle } from '../with-article.js';

/** Characters of a list that a message repeats. */
const maxShown = 80;

/** A value in a few words for a message: never long, never an error of its own, whatever a stranger gave. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return describeList(value);
  if (value instanceof Error) return String(value);
  try {
    return describeObject(value);
  } catch {
    return 'an object that cannot be read';
  }
}

function describeList(list: readonly unknown[]): string {
  if (list.length === 0) return 'an empty array';
  const isPlain = list.every((entry) => (typeof entry !== 'object' && typeof entry !== 'function') || entry === null);
  const text = isPlain && list.length <= maxShown ? list.map(String).join(',') : '';
  return text === '' || text.length > maxShown ? `an array of ${list.length}` : text;
}

function describeObject(value: object): string {
  const { dtype, shape, then } = value as { dtype?: unknown; shape?: unknown; then?: unknown };
  if (typeof then === 'function') return 'a promise (is an await missing?)';
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `${withArticle(value.constructor.name)} of ${String(value.length)}`;
  if (typeof dtype === 'string' && Array.isArray(shape)) return `a ${dtype} tensor [${shape.join(', ')}]`;
  if ('data' in value && Array.isArray(shape)) return `an NdArray [${shape.join(', ')}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    const name = (value.constructor as { readonly name?: string } | undefined)?.name || 'class instance';
    return withArticle(name);
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an empty object';
  return `an object with ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ` and ${keys.length - 5} more` : ''}`;
}
