import { html, Html } from './html.js';
import { style } from './style.js';

/**
 * A whole page that needs nothing else: light or dark by the reader's setting, readable on a phone, without a script, and
 * with none that could run.
 *
 * @param body what stands in `<main>`
 * @param ownStyle style sheet beside the report's own
 */
export function reportPage(title: string, body: Html, ownStyle = ''): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(style)}${new Html(ownStyle)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text;
}
