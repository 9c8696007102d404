/** A text and where its middle should stand, in pixels. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** Where labels may stand. */
export interface LabelFrame {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
}

/** Letters of a label; longer names end in an ellipsis. */
const longest = 18;
const rounds = 300;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Width of an average letter of a wide bold sans-serif face, in sizes of the face. */
const letterWidth = 0.72;
/** Chinese, Japanese and Korean letters, full-width forms and emoji are squares, and a little more in bold. */
const [square, squareWidth] = [
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Extended_Pictographic}\u3000-\u303f\uff00-\uff60]/u,
  1.1,
];
/** Free width at both ends of a label, in sizes of the face. */
const gap = 0.35;

interface Box {
  readonly text: string;
  readonly halfWidth: number;
  x: number;
  y: number;
}

/**
 * Moves labels apart until none covers another and all are inside the frame. Where there is no room for all, the later
 * ones are left out: the most important come first.
 *
 * @returns the labels that are shown, in their order
 */
export function placeLabels(labels: readonly Label[], { width, height, fontSize }: LabelFrame): Label[] {
  const halfHeight = 0.6 * fontSize;
  const inside = (box: Box): void => {
    box.x = Math.min(Math.max(box.x, box.halfWidth), width - box.halfWidth);
    box.y = Math.min(Math.max(box.y, halfHeight), height - halfHeight);
  };
  const boxes = labels.map(({ text, x, y }): Box => {
    const letters = Array.from(segmenter.segment(text), ({ segment }) => segment);
    const kept = letters.length > longest ? [...letters.slice(0, longest - 1), '\u2026'] : letters;
    const width = kept.reduce((sum, letter) => sum + (square.test(letter) ? squareWidth : letterWidth), 0);
    const box = {
      text: kept.join(''),
      halfWidth: fontSize * (width / 2 + gap),
      x,
      y,
    };
    inside(box);
    return box;
  });
  for (let round = 0; round < rounds && pushApart(boxes, halfHeight); round++) for (const box of boxes) inside(box);
  const shown: Box[] = [];
  for (const box of boxes) if (!shown.some((other) => overlap(box, other, halfHeight) !== undefined)) shown.push(box);
  return shown.map(({ text, x, y }) => ({ text, x, y }));
}

/** Moves each two boxes that overlap along the shorter way; whether there were any. */
function pushApart(boxes: readonly Box[], halfHeight: number): boolean {
  let moved = false;
  for (const [i, first] of boxes.entries()) {
    for (const second of boxes.slice(i + 1)) {
      const found = overlap(first, second, halfHeight);
      if (found === undefined) continue;
      moved = true;
      // A little further than needed, so that rounding leaves no overlap; equal places part downwards.
      const axis = found.y <= found.x ? 'y' : 'x';
      const step = found[axis] / 2 + 0.05;
      const sign = first[axis] > second[axis] ? 1 : -1;
      first[axis] += sign * step;
      second[axis] -= sign * step;
    }
  }
  return moved;
}

function overlap(first: Box, second: Box, halfHeight: number): { x: number; y: number } | undefined {
  const x = first.halfWidth + second.halfWidth - Math.abs(first.x - second.x);
  const y = 2 * halfHeight - Math.abs(first.y - second.y);
  return x > 0 && y > 0 ? { x, y } : undefined;
}
