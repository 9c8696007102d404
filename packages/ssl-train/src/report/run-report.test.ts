import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInfo } from '../../test/run-info.js';
import { toy, ToyLoader } from '../../test/toy-run.js';
import type { RunControl, TrainerObserver } from '../observers/trainer-observer.js';
import { runReport } from './run-report.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  file = join(folder, 'deep', 'report.html');
});
afterEach(() => rmSync(folder, { recursive: true }));

const hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">\'"';
const page = (): string => readFileSync(file, 'utf8');
const read = (element: { textContent: string | null } | null): string =>
  element?.textContent?.replaceAll(/\s+/g, ' ').trim() ?? '';
const textOf = (selector: string): string => read(parseHTML(page()).document.querySelector(selector));
const all = (selector: string): string[] => [...parseHTML(page()).document.querySelectorAll(selector)].map(read);
const charts = (): string[] =>
  [...parseHTML(page()).document.querySelectorAll('svg')].map((svg) => svg.getAttribute('aria-label') ?? '');
/** How many points the lines of a chart have, by the chart's name. */
const pointsOf = (name: string): number[] => {
  const svg = [...parseHTML(page()).document.querySelectorAll('svg')].find(
    (one) => one.getAttribute('aria-label') === name,
  );
  return [...svg!.querySelectorAll('g[aria-label=line] path')].map(
    (path) => path.getAttribute('d')!.split(/[ML]/).length - 1,
  );
};
const nobody: RunControl = { stop: () => {}, save: () => {}, note: () => {} };

test('tells what a finished run was and found, in a file that runs nothing and needs nothing', async () => {
  const noting: TrainerObserver = { onStep: ({ step }, run) => (step === 7 ? run.note(hostile) : undefined) };
  const knn = (name: string, value: number): TrainerObserver => ({
    name,
    onEpochEnd: ({ epoch }) => ({ knn: value + epoch / 100 }),
  });
  const sections = async (): Promise<{ title: string; text: string }[]> => [
    { title: 'Own <b>', text: `one\n\n${hostile}` },
  ];
  const observers = [
    runReport(file, { title: `Toys ${hostile}`, sections }),
    noting,
    knn('seen', 0.5),
    knn(hostile, 0.25),
  ];
  const { history } = await toy({
    observers,
    config: { [hostile]: [hostile, { deep: 1 }], views: { crop: 0.2 } },
  }).trainer.fit();

  const { document } = parseHTML(page());
  expect(document.querySelectorAll('script, link, iframe, object, img')).toHaveLength(0);
  expect([...document.querySelectorAll('*')].flatMap((element) => [...element.getAttributeNames()])).not.toContain(
    'onerror',
  );
  expect(page()).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)|@import|url\(/);
  expect(page()).toContain('prefers-color-scheme: dark');
  expect(read(document.querySelector('h1'))).toBe(`Toys ${hostile}`);
  expect(textOf('#state')).toBe('Finished: step 20 of 20.');
  expect(textOf('#notes li')).toBe(`step 7: ${hostile}`);
  expect(charts()).toEqual([
    'Loss',
    'knn',
    'learning rate',
    'absolute',
    'samples per second',
    'per cent of the time waiting for data',
  ]);
  expect(pointsOf('knn')).toEqual([4, 4]);
  expect(pointsOf('Loss')).toEqual([20, 20]);
  expect(all('.legend li')).toEqual(expect.arrayContaining(['seen', hostile]));
  const cards = all('.cards li');
  expect(cards[0]).toBe(`${Number(history.at(-1)!.loss.toPrecision(4))}loss at step 20`);
  expect(cards).toContain('0.54knn of seen at step 20');
  const settings = all('#facts tr');
  expect(settings).toContain('config.views.crop0.2');
  expect(settings.some((row) => row.startsWith(`config.${hostile}[`))).toBe(true);
  expect(textOf('#facts dl')).toContain(process.versions.node);
  expect(all('h2')).toContain('Own <b>');
});

test('numbers of observers without a name, which return the same name, are two lines', async () => {
  const knn = (value: number): TrainerObserver => ({ onEpochEnd: () => ({ knn: value }) });
  await toy({ observers: [runReport(file), knn(1), knn(2)], epochs: 3 }).trainer.fit();
  expect(pointsOf('knn')).toEqual([3, 3]);
  expect(all('figcaption')).toContain('knn. Newest: 1, 2');
});

test('a resumed run has what was before, and its own state', async () => {
  const dir = join(folder, 'checkpoints');
  const watching = (stopAt: number): TrainerObserver[] => {
    const controller: TrainerObserver = {
      onStep: ({ step }, run) => {
        if (step === 2) run.note('early on');
        if (step === stopAt) throw new RangeError('cut short');
      },
      onEpochEnd: () => ({ level: 1 }),
    };
    return [runReport(file), controller];
  };
  await expect(toy({ checkpoint: { dir }, observers: watching(8) }).trainer.fit()).rejects.toThrow('cut short');
  expect(textOf('#state')).toMatch(/^Failed after step 8 of 20: cut short/);
  expect(pointsOf('Loss')).toEqual([8]);
  await toy({ checkpoint: { dir }, observers: watching(-1) }).trainer.fit();
  expect(textOf('#state')).toBe('Finished: step 20 of 20.');
  expect(textOf('header')).toContain('went on from step 8');
  expect(pointsOf('Loss')).toEqual([20, 20]);
  expect(pointsOf('level')).toEqual([4]);
  expect(textOf('#notes')).toContain('early on');
  expect(all('#facts li').at(-1)).toContain('step 20');
});

test('is there from the beginning, and between: an aborted run is interrupted, a stopped one at its end', async () => {
  const seen: string[] = [];
  const controller = new AbortController();
  const looking: TrainerObserver = {
    onStart: () => void seen.push(textOf('#state'), textOf('#training')),
    onStep: async ({ step }) => {
      await new Promise((done) => setTimeout(done, 60));
      if (step === 6) seen.push(textOf('#state'));
      if (step === 9) controller.abort();
    },
    onEpochEnd: ({ epoch }) => ({ level: epoch }),
  };
  await toy({ observers: [runReport(file), looking], signal: controller.signal }).trainer.fit();
  expect(seen).toEqual(['Running, at step 0 of 20.', 'No step has been logged yet.', 'Running, at step 6 of 20.']);
  expect(textOf('#state')).toContain('Interrupted at step 9 of 20.');
  const stopping: TrainerObserver = { onStep: ({ step }, run) => (step === 4 ? run.stop('enough') : undefined) };
  await toy({ observers: [runReport(file), stopping] }).trainer.fit();
  expect(textOf('#state')).toBe('Ended by an observer at step 4 of 20: enough');
});

test('an error of training is in it, and one of the report ends the run', async () => {
  await expect(toy({ loader: new ToyLoader(5, 3), observers: runReport(file) }).trainer.fit()).rejects.toThrow(
    'broken',
  );
  expect(textOf('#state')).toMatch(/^Failed after step 3 of 20: .*broken image/);
  mkdirSync(join(folder, 'taken'));
  await expect(toy({ observers: runReport(join(folder, 'taken')) }).trainer.fit()).rejects.toThrow(
    /the report .*taken/,
  );
});

test('sections that are none are refused, and pictures stand in the file', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  await toy({ epochs: 1, observers: runReport(file, { sections: () => [{ title: 'dot', png }] }) }).trainer.fit();
  expect(parseHTML(page()).document.querySelector('img')!.getAttribute('src')).toMatch(/^data:image\/png;base64,iVBOR/);
  const wrong: [unknown, RegExp][] = [
    ['text', /sections\(\)/],
    [[{ text: 'no title' }], /sections\(\)\[0\]/],
    [[{ title: 'x', html: '<b>' }], /sections\(\)\[0\]\.html/],
    [[{ title: 'x', png: Uint8Array.of(1) }], /PNG/],
  ];
  for (const [given, message] of wrong) {
    const observer = runReport(join(folder, 'wrong.html'), { sections: () => given as never });
    await expect(toy({ epochs: 1, observers: observer }).trainer.fit()).rejects.toThrow(message);
  }
  expect(() => runReport('', {})).toThrow(/path/);
  expect(() => runReport(file, { titel: 'x' } as never)).toThrow(/titel/);
});

test('numbers that no axis has room for break no chart', async () => {
  const strange = [NaN, Infinity, -Infinity, 1e300, -1e-300, 0, 5];
  const entry = (step: number) => ({
    step,
    epoch: 1,
    loss: 1e30,
    learningRate: 0,
    metrics: { none: NaN, endless: Infinity, mixed: strange[step % strange.length]!, [`only ${step}`]: 1e-12, '': 3 },
  });
  const observer = runReport(file);
  await observer.onStart!(
    runInfo({ startStep: 30, history: Array.from({ length: 30 }, (_, at) => entry(at + 1)) }),
    nobody,
  );
  await observer.onError!('no error at all', 30);
  expect(charts().slice(0, 6)).toEqual(['Loss', 'learning rate', 'none', 'endless', 'mixed', 'only 1']);
  const places = [...parseHTML(page()).document.querySelectorAll('[d], [transform], [cx]')].flatMap((element) =>
    ['d', 'transform', 'cx', 'cy'].map((name) => element.getAttribute(name) ?? ''),
  );
  expect(places.length).toBeGreaterThan(100);
  expect(places.filter((place) => /NaN|Infinity/.test(place))).toEqual([]);
  expect(textOf('#state')).toBe('Failed after step 30 of 20: no error at all');
});

test('a million logged steps and two hundred metrics stay below three megabytes', async () => {
  const count = 1_000_000;
  const names = Array.from({ length: 200 }, (_, index) => `metric ${index}`);
  const many = Object.fromEntries(names.map((name, index) => [name, index / 7]));
  const history = Array.from({ length: count }, (_, index) => ({
    step: index + 1,
    epoch: 1,
    loss: 2 + Math.sin(index) / (1 + index / 1000),
    learningRate: 1e-4 * (1 - index / count),
    metrics: index % 100 === 0 ? many : {},
  }));
  const observer = runReport(file);
  const notes = Array.from({ length: 10_000 }, (_, step) => ({ step, text: 'x'.repeat(100) }));
  await observer.onStart!(runInfo({ startStep: count, totalSteps: 2 * count, history }), nobody);
  for (const note of notes) observer.onNote!(note);
  await observer.onError!(new RangeError('end'), count);
  expect(statSync(file).size).toBeLessThan(3e6);
  expect(textOf('#training details summary')).toBe('141 more numbers, without a chart');
  expect(existsSync(file)).toBe(true);
  expect(JSON.stringify(observer.state!()).length).toBeLessThan(1e5);
}, 120_000);
