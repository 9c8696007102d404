import { createHash } from 'node:crypto';

const longest = 250;

/**
 * The name of a metric, parameter or tag as MLflow takes it: letters, digits, `_ - . /` and spaces, no path that leads
 * elsewhere, 250 characters. Another name gets `_` for what is not taken, and some digits of its hash, so that two names
 * stay two.
 */
export function mlflowKey(name: string): string {
  const parts = name.split('/').map((part) => part.replaceAll(/[^\p{L}\p{N}_.\- ]/gu, '_'));
  const key = parts.map((part) => (/^\.{0,2}$/.test(part) ? '_' : part)).join('/');
  if (key === name && name.length <= longest) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${Array.from(key)
    .slice(0, longest - 100)
    .join('')}-${hash}`;
}
