import { expect, test } from 'vitest';
import { html, Html } from './html.js';

test('strings are escaped, HTML and lists of it are not, nothing stays nothing', () => {
  const item = html`<li>${'a < b & "c"'}</li>`;
  expect(item.text).toBe('<li>a &lt; b &amp; &quot;c&quot;</li>');
  expect(html`<ul title="${"it's"}">${[item, item]}${undefined}${false}${0}</ul>`.text).toBe(
    `<ul title="it&#39;s">${item.text}${item.text}0</ul>`,
  );
  expect(html`${new Html('<b>')}`.text).toBe('<b>');
});
