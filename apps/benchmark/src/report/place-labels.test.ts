import { expect, test } from 'vitest';
import { placeLabels } from './place-labels.js';

const segmenter = new Intl.Segmenter('en');
const frame = { width: 460, height: 460, fontSize: 17 };

function boxesOf(labels: ReturnType<typeof placeLabels>, fontSize: number) {
  return labels.map(({ text, x, y }) => {
    const halfWidth = (0.7 * fontSize * [...segmenter.segment(text)].length) / 2;
    return { left: x - halfWidth, right: x + halfWidth, top: y - 0.6 * fontSize, bottom: y + 0.6 * fontSize };
  });
}

function expectTidy(labels: ReturnType<typeof placeLabels>, { width, height, fontSize } = frame): void {
  const boxes = boxesOf(labels, fontSize);
  for (const [i, box] of boxes.entries()) {
    expect(Math.min(box.left, box.top)).toBeGreaterThanOrEqual(-1e-9);
    expect(box.right).toBeLessThanOrEqual(width + 1e-9);
    expect(box.bottom).toBeLessThanOrEqual(height + 1e-9);
    for (const other of boxes.slice(i + 1)) {
      const apart =
        box.right <= other.left || other.right <= box.left || box.bottom <= other.top || other.bottom <= box.top;
      expect(apart).toBe(true);
    }
  }
}

test('labels that have room stay where they are', () => {
  const labels = [
    { text: 'cat', x: 100, y: 100 },
    { text: 'dog', x: 300, y: 200 },
  ];
  expect(placeLabels(labels, frame)).toEqual(labels);
});

test('labels at one place are moved apart, and none is lost', () => {
  const labels = Array.from({ length: 12 }, (_, i) => ({ text: `a long class name ${i}`.slice(-16), x: 230, y: 230 }));
  const placed = placeLabels(labels, frame);
  expect(placed).toHaveLength(12);
  expectTidy(placed);
});

test('labels at the edge and in a corner come inside', () => {
  const placed = placeLabels(
    [
      { text: 'tractor', x: 458, y: 3 },
      { text: 'lorry', x: 459, y: 5 },
      { text: 'aeroplane', x: 0, y: 460 },
    ],
    frame,
  );
  expect(placed).toHaveLength(3);
  expectTidy(placed);
});

test('names that are too long are cut, by letters and not by halves of them', () => {
  const [label] = placeLabels([{ text: '\u{1F600}'.repeat(40), x: 0, y: 0 }], frame);
  expect(label!.text).toBe(`${'\u{1F600}'.repeat(17)}\u2026`);
  expectTidy([label!]);
});

test('where there is no room for all, the first ones are shown', () => {
  const labels = Array.from({ length: 1000 }, (_, i) => ({ text: `class ${i}`, x: (i * 37) % 460, y: (i * 91) % 460 }));
  const placed = placeLabels(labels, { ...frame, fontSize: 13 });
  expect(placed.length).toBeGreaterThan(30);
  expect(placed.length).toBeLessThan(1000);
  expect(placed[0]!.text).toBe('class 0');
  expectTidy(placed, { ...frame, fontSize: 13 });
});

test('letters that are squares have room for their whole width', () => {
  const names = [
    '\u67f4\u72ac\u306e\u5b50\u72ac',
    '\u30b7\u30d9\u30ea\u30a2\u30cf\u30b9\u30ad\u30fc',
    '\uac15\uc544\uc9c0\uc640\uace0\uc591\uc774',
  ];
  const placed = placeLabels(
    names.map((text) => ({ text, x: 455, y: 200 })),
    frame,
  );
  expect(placed).toHaveLength(3);
  for (const [i, { text, x, y }] of placed.entries()) {
    const half = (text.length * frame.fontSize) / 2;
    expect(x + half).toBeLessThanOrEqual(frame.width);
    for (const other of placed.slice(i + 1))
      expect(
        Math.abs(y - other.y) >= 1.2 * frame.fontSize - 1e-9 ||
          Math.abs(x - other.x) >= half + (other.text.length * frame.fontSize) / 2,
      ).toBe(true);
  }
});
