import { expect, test } from 'vitest';
import { html, Html } from './html.js';
import { comparison, percent, points, whole } from './numbers.js';

test('strings are escaped, HTML and lists of it are not, nothing stays nothing', () => {
  const item = html`<li>${'a < b & "c"'}</li>`;
  expect(item.text).toBe('<li>a &lt; b &amp; &quot;c&quot;</li>');
  expect(html`<ul title="${"it's"}">${[item, item]}${undefined}${false}${0}</ul>`.text).toBe(
    `<ul title="it&#39;s">${item.text}${item.text}0</ul>`,
  );
  expect(html`${new Html('<b>')}`.text).toBe('<b>');
});

test('numbers for people', () => {
  expect([comparison(0.052), comparison(-0.004)]).toEqual(['5.2 points ahead of', '0.4 points behind']);
  expect([percent(0.9671), percent(1, 0), points(0.052), points(-0.004), points(0), whole(20_000)]).toEqual([
    '96.7 %',
    '100 %',
    '+5.2',
    '\u22120.4',
    '+0.0',
    '20,000',
  ]);
});
