import { describe, expect, test } from 'vitest';

import { readRepositoryFile } from './repository-files.js';

/** A function, class or constant that the package exports, with its doc comment. */
interface Exported {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'const';
  readonly comment: string;
  /** The rest of its declaration up to the body. */
  readonly head: string;
}

const folder = 'packages/ssl-losses';

/** What index.ts exports besides types. */
const exported: readonly Exported[] = [
  ...readRepositoryFile(`${folder}/src/index.ts`).matchAll(
    /^export \{ (?<names>[^}]+) \} from '\.\/(?<file>[^']+)\.js';$/gm,
  ),
].flatMap(({ groups }) => {
  const text = readRepositoryFile(`${folder}/src/${groups!['file']}.ts`);
  return groups!['names']!.split(', ').map((name) => {
    const declaration = new RegExp(
      String.raw`/\*\*(?<comment>(?:(?!\*/)[^])*)\*/\n(?:// .*\n)?export (?:async )?(?<kind>function|class|const) ${name}\b(?<head>[^{]*)`,
    );
    const found = declaration.exec(text)?.groups;
    return {
      name,
      kind: (found?.['kind'] ?? 'const') as Exported['kind'],
      comment: (found?.['comment'] ?? '').replaceAll(/\s*\n\s*\*\s?/g, ' ').trim(),
      head: found?.['head'] ?? '',
    };
  });
});
const functions = exported.filter(({ kind }) => kind === 'function');
const readme = readRepositoryFile(`${folder}/README.md`);

describe('doc comments of @selfsup/ssl-losses', () => {
  test('every export has one', () => {
    expect(exported.length).toBeGreaterThan(150);
    expect(exported.filter(({ comment }) => comment === '').map(({ name }) => name)).toEqual([]);
  });

  test.each(functions.map((each) => [each.name, each] as const))('%s', (_, { comment, head }) => {
    const [what, ...tags] = comment.split(/ (?=@(?:param|returns|throws|example)\b|Source: )/);
    expect(what, 'says what it is').toMatch(/^[A-Z`'{0-9].{20}/);
    const [params, returns, throws, source] = ['@param', '@returns', '@throws', 'Source: '].map((tag) =>
      tags.filter((each) => each.startsWith(tag)),
    ) as [string[], string[], string[], string[]];
    // Losses of two views alike describe them once.
    expect(
      params.every((each) => new RegExp(String.raw`\b${each.split(' ')[1]}\b`).test(head)),
      'names parameters',
    ).toBe(true);
    expect(
      [...params, ...returns].some((each) => /\[|shape|scalar|number/.test(each)),
      'gives a shape',
    ).toBe(true);
    expect(returns.length, '@returns').toBe(/\): void/.test(head) ? 0 : 1);
    expect(throws.length, '@throws').toBe(1);
    expect(source.length, 'Source').toBe(1);
    // In this order, what belongs together side by side.
    const order = ['@param', '@returns', '@throws', 'Source:', '@example'];
    const ranks = tags.map((each) => order.findIndex((tag) => each.startsWith(tag)));
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  });

  test.each(functions.map(({ name }) => name))("the README's tables have %s", (name) => {
    expect(readme).toMatch(new RegExp(String.raw`\`(?:new )?${name}\b`));
  });

  test('defaults say whose they are', () => {
    const silent = exported.filter(
      ({ name, comment }) => name.endsWith('Defaults') && !/Defaults of \{@link \w+\}.*[:,.]/.test(comment),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
