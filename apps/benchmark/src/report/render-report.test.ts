import { parseHTML } from 'linkedom';
import { beforeAll, expect, test } from 'vitest';
import { fabricatedReport, hostile } from '../../test/fabricated-report.js';
import { renderReport } from './render-report.js';

let page: string;
let document: ReturnType<typeof parseHTML>['document'];
beforeAll(() => {
  page = renderReport(fabricatedReport());
  ({ document } = parseHTML(page));
});

/** Text as people read it: any white space, also what does not break, is one space. */
function read(element: { textContent: string | null } | null | undefined): string {
  return element?.textContent?.replaceAll(/\s+/g, ' ').trim() ?? '';
}

function textOf(selector: string): string {
  return read(document.querySelector(selector));
}

function readAll(selector: string): string[] {
  return [...document.querySelectorAll(selector)].map(read);
}

function tableOf(selector: string): string[][] {
  return [...document.querySelectorAll(`${selector} tbody tr`)].map((row) => [...row.children].map(read));
}

test('needs nothing from elsewhere and runs nothing', () => {
  expect(page).not.toMatch(/https?:\/\//);
  expect(page).not.toMatch(/@import|url\(/);
  expect(document.querySelectorAll('script, link, iframe, object')).toHaveLength(0);
  const sources = [...document.querySelectorAll('img')].map((image) => image.getAttribute('src') ?? '');
  expect(sources).toHaveLength(2 * 9);
  expect(sources.every((source) => source.startsWith('data:image/png;base64,'))).toBe(true);
});

test('the same data gives the same bytes', () => {
  expect(renderReport(fabricatedReport())).toBe(page);
});

test('text from outside is escaped wherever it stands', () => {
  expect(page).not.toContain('<script');
  expect(textOf('#vision > p')).toContain(hostile);
  expect(textOf('.mask p')).toContain(hostile);
  expect(textOf('.guesses')).toContain(hostile);
  expect(textOf('#facts dl')).toContain('A <processor>');
});

test('the header says what was run, with which seed, and the main figures', () => {
  expect(textOf('h1')).toBe('SimCLR on digits and BERT on glosses');
  expect(textOf('header')).toContain('Seed 7');
  expect(readAll('.cards b')).toEqual(['96.7 %', '92.1 %', expect.stringMatching(/ %$/), '33.5 %']);
  expect(textOf('.cards')).toContain('56.5 % without pretraining (+35.6 points)');
});

test('every chart is an inline picture with a name and a line of data', () => {
  const names = [...document.querySelectorAll('svg[role=img]')].map((svg) => svg.getAttribute('aria-label'));
  expect(names).toEqual([
    'SimCLR loss',
    'kNN accuracy along training',
    'Map of the trained features',
    'Map of the random features',
    'Masked-word loss',
    'Masked-word accuracy along training',
  ]);
  const loss = document.querySelector(
    'svg[aria-label="SimCLR loss"] path[stroke-linejoin=round], svg[aria-label="SimCLR loss"] g[stroke-linejoin=round] path',
  );
  expect(loss?.getAttribute('d')?.split('L')).toHaveLength(78);
  expect(document.querySelectorAll('svg[aria-label="kNN accuracy along training"] circle')).toHaveLength(6);
  expect(document.querySelectorAll('svg[aria-label="Map of the trained features"] circle')).toHaveLength(200);
});

test('the tables hold each figure once, a dash where there is none, and mark the best', () => {
  expect(tableOf('#vision')).toEqual([
    ['SimCLR, fine-tuned', '92.1 %', '–', '–', '–'],
    ['SimCLR, linear probe', '88.3 %', '95.3 %', '97.5 %', '–'],
    ['Random encoder, linear probe', '57.0 %', '73.2 %', '85.0 %', '–'],
    ['Trained from scratch on the labels', '56.5 %', '86.0 %', '–', '–'],
    ['SimCLR, kNN', '–', '–', '–', '96.7 %'],
    ['Random encoder, kNN', '–', '–', '–', '89.0 %'],
  ]);
  expect(readAll('#vision td.best')).toEqual(['92.1 %', '95.3 %', '97.5 %', '96.7 %']);
  expect(tableOf('#text')).toEqual([
    ['Pretrained, fine-tuned', '33.5 %', '46.7 %'],
    ['Same network from scratch', '24.7 %', '45.5 %'],
  ]);
  expect(textOf('#text')).toContain('With 20 labels per class, pretraining is worth +8.8 points.');
});

test('neighbours of another class are marked, in words too', () => {
  const wrong = [...document.querySelectorAll('.tile.wrong')];
  expect(wrong).toHaveLength(2);
  expect(wrong[0]!.querySelector('img')!.getAttribute('alt')).toBe('9, another class');
  expect(wrong[0]!.textContent).toBe('9 · 0.94');
});

test('filled masks show the guesses, the truth and its rank', () => {
  expect(readAll('.verdict')).toEqual([
    'Hidden word: animal, guessed right',
    'Hidden word: moving, guess number 2',
    'Hidden word: fern, not among the first 1',
  ]);
  expect(readAll('.guesses .right span:first-of-type')).toEqual(['animal', 'moving']);
});

test('timings, machine, versions and recipes are there', () => {
  const facts = textOf('#facts');
  for (const fact of [
    '2 min 40 s',
    '2 cores',
    '8 GiB',
    'Linux 6.1 x64',
    'onnxruntime-node1.30.0',
    'tfjs4.22.0',
    'temperature: 0.2',
    'vocabulary: 8192',
  ]) {
    expect(facts).toContain(fact);
  }
});

test('a report of one run shows that run alone', () => {
  const { summary, runs } = fabricatedReport();
  const { document: single } = parseHTML(renderReport({ summary, runs: [runs[1]!] }));
  expect(single.querySelector('h1')!.textContent).toBe('BERT on glosses');
  expect(single.querySelector('#vision')).toBeNull();
  expect(single.querySelectorAll('.cards li')).toHaveLength(2);
});
