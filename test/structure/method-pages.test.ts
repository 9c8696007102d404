import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as multimodal from '@selfsup/ssl-multimodal';
import * as vision from '@selfsup/ssl-vision';
import { describe, expect, test } from 'vitest';

import { storedRows, withRows } from '../../tools/method-rows.js';
import { repositoryRoot } from '../../tools/workspaces.js';
import { markdownBlocks } from '../guides/markdown-blocks.js';
import { presetTable } from './preset-table.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const folder = 'docs/methods';
const pages = repositoryFiles().filter((path) => path.startsWith(`${folder}/`) && !path.endsWith('README.md'));
const exported: Readonly<Record<string, unknown>> = { ...vision, ...multimodal };
const methods = Object.entries(exported).flatMap(([name, value]) => {
  const { loss, trainable } = ((typeof value === 'function' ? value.prototype : undefined) ?? {}) as Readonly<
    Record<string, unknown>
  >;
  return typeof loss === 'function' && typeof trainable === 'function' ? [name] : [];
});
const sources = repositoryFiles().filter((path) =>
  /^packages\/ssl-(vision|multimodal)\/src\/.*(?<!\.test)\.ts$/.test(path),
);
const recipes = readRepositoryFile('packages/ssl-vision/src/pretrain/recipes/recipes.ts');

/** Merged before their pages are written. */
const unwritten: readonly string[] = [];

/** The classes that a page is about: its first line of text names them. */
const classesOf = (page: string): readonly string[] =>
  [...(/^(.*) of `@selfsup\//m.exec(page)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name!);
/** Tables of presets, each with the names at its head. */
const presetTables = (page: string): { readonly names: readonly string[]; readonly table: string }[] =>
  [...page.matchAll(/^\| option \|(?<head>.*)\|\n(?:\|.*\|\n)+/gm)].map(({ 0: table, groups }) => ({
    names: [...groups!['head']!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    table: table.trim(),
  }));

test('every method has a page, and no page is about anything else', () => {
  expect(methods.length).toBeGreaterThan(25);
  const written = pages.flatMap((path) => classesOf(readRepositoryFile(path)));
  expect([...written, ...unwritten].toSorted()).toEqual(methods.toSorted());
});

test('every preset stands on a page', () => {
  // Of encoders and parts that a method has beside its own numbers.
  const parts = [
    'beitSmall',
    'convDecoderDefaults',
    'distillationHeadDefaults',
    'generateDefaults',
    'onnxEncoderDefaults',
    'predictionHeadDefaults',
    'smallConvDefaults',
    'withTeacherDefaults',
  ];
  const shown = new Set(pages.flatMap((path) => presetTables(readRepositoryFile(path)).flatMap(({ names }) => names)));
  const presets = Object.keys(exported).filter(
    (name) =>
      /(Defaults|Small|Dense)$/.test(name) &&
      typeof exported[name] === 'object' &&
      !parts.includes(name) &&
      !unwritten.some((one) => name.toLowerCase().startsWith(one.toLowerCase())),
  );
  expect(presets.filter((name) => !shown.has(name))).toEqual([]);
});

test('the index leads to each page, in bold what the one call has', () => {
  const index = readRepositoryFile(`${folder}/README.md`);
  const name = (path: string): string => path.slice(folder.length + 1);
  expect(pages.filter((path) => !index.includes(`](${name(path)})`))).toEqual([]);
  const bold = [...index.matchAll(/\[\*\*[^\]]+\*\*\]\(([\w.-]+)\)/g)].map(([, file]) => file!);
  const called = pages.filter((path) => readRepositoryFile(path).includes("In the one call: `method: '")).map(name);
  expect(bold.toSorted()).toEqual(called.toSorted());
});

describe.each(pages)('%s', (path) => {
  const page = readRepositoryFile(path);
  const blocks = markdownBlocks(page);

  test('has a figure, and is short', () => {
    expect(blocks.filter(({ language, code }) => language === 'mermaid' && code.startsWith('flowchart '))).toHaveLength(
      1,
    );
    expect(page.split('\n').length).toBeLessThan(90);
  });

  test('has the numbers of the code', () => {
    const tables = presetTables(page);
    expect(tables.length).toBeGreaterThan(0);
    for (const { names, table } of tables) {
      const presets = Object.fromEntries(
        names.map((name) => [name, (exported[name] ?? {}) as Record<string, unknown>]),
      );
      expect(table).toBe(presetTable(presets));
    }
  });

  test('cites what the code cites', () => {
    const code = sources.map(readRepositoryFile).join('\n');
    const cited = [...page.matchAll(/arXiv (\d{4}\.\d{5})/g)].map(([, id]) => id!);
    expect(cited.filter((id) => !code.includes(id))).toEqual([]);
  });

  test('has code that is run: the one call of a method that it has, or lines of its example', () => {
    const flat = (text: string): string => text.replaceAll(/\s+|,(?=\s*[}\])])/g, '');
    const code = blocks.filter(({ language }) => language === 'ts').map((block) => block.code.trim());
    expect(code).toHaveLength(1);
    const [, example = 'none'] = /\]\(\.\.\/\.\.\/(packages\/[\w-]+\/examples\/[\w-]+\.ts)\)/.exec(page) ?? [];
    expect(existsSync(join(repositoryRoot, example))).toBe(true);
    expect(readRepositoryFile(example)).toContain(`new ${classesOf(page)[0]}(`);
    const [, called] = /method: '([\w-]+)'/.exec(code[0]!) ?? [];
    const isRun =
      called === undefined ? flat(readRepositoryFile(example)).includes(flat(code[0]!)) : recipes.includes(called);
    expect(isRun ? '' : code[0]).toBe('');
  });

  test('has the row of the results that are stored (npm run docs:methods)', () => {
    expect(page).toMatch(/^<!-- row: [a-z0-9 -]+ -->$/m);
    expect(page).toBe(withRows(page, storedRows()));
  });
});
