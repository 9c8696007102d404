import { readFileSync } from 'node:fs';

type Half = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

/** Made by generate_half.py, by the file that has the same losses' other goldens. */
const half = JSON.parse(readFileSync(new URL('half.json', import.meta.url), 'utf8')) as Half;

/** The goldens of a file, and behind them a case of each loss whose inputs are numbers that float16 holds. */
export function withHalf<T extends object>(file: string, goldens: T): T {
  const more = half[file] ?? {};
  return Object.fromEntries(
    Object.entries(goldens).map(([name, cases]) => [
      name,
      Array.isArray(cases) ? [...(cases as unknown[]), ...(more[name] ?? [])] : cases,
    ]),
  ) as T;
}
