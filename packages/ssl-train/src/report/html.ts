/** Text that is HTML already. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: strings and numbers are escaped, {@link Html} is not, arrays are joined. */
export type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

/** Builds HTML from a template; every string put into it is escaped. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.reduce((text, string, index) => text + part(parts[index - 1]) + string));
}

function part(value: HtmlPart): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(part).join('');
  // A number and its sign of per cent stay on one line.
  return escapeHtml(String(value)).replaceAll(/(\d) %/g, '$1&nbsp;%');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text made safe inside elements and quoted attributes. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
