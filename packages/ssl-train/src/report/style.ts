/** Style sheet of a report: no font, image or script from elsewhere; light and dark by the reader's setting. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d1f23; --soft: #5c6370; --rule: #e3e1dc; --accent: #2456b3;
  --good: #1b7a3d; --bad: #c0362c;
  --series-1: #2456b3; --series-2: #d0662a; --series-3: #6b7280; --series-4: #1b7a3d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181c; --card: #1e2126; --ink: #e8e6e1; --soft: #a2a8b4; --rule: #34383f; --accent: #86aef5;
    --good: #6fce8f; --bad: #ff8a7d;
    --series-1: #86aef5; --series-2: #f0a06a; --series-3: #a2a8b4; --series-4: #6fce8f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.015em; }
h2 { font-size: 1.45rem; line-height: 1.25; margin: 56px 0 8px; padding-top: 20px; border-top: 1px solid var(--rule); letter-spacing: -0.01em; }
h3 { font-size: 1.08rem; margin: 32px 0 6px; }
p { margin: 0 0 12px; max-width: 46em; }
.soft { color: var(--soft); }
.lead { font-size: 1.08rem; color: var(--soft); }
code { font: 0.9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; margin: 24px 0 8px; padding: 0; list-style: none; }
.cards li { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; }
.cards b { display: block; font-size: 1.7rem; line-height: 1.25; font-variant-numeric: tabular-nums; letter-spacing: -0.02em; }
.cards span { display: block; color: var(--soft); font-size: 0.9rem; line-height: 1.4; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 18px; margin: 14px 0; }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; min-width: 0; }
figcaption { font-size: 0.9rem; color: var(--soft); line-height: 1.45; margin-bottom: 8px; }
figcaption b { color: var(--ink); font-weight: 600; }
.plot { --plot-background: var(--card); display: block; width: 100%; height: auto; max-width: 560px; margin: 0 auto; overflow: visible; }
.plot text { white-space: pre; }
figure > img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 0.88rem; color: var(--soft); margin: 0 0 4px; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; background: currentColor; }
.scroll { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.95rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 8px 12px; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; font-size: 0.86rem; vertical-align: bottom; }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; }
td.number { white-space: nowrap; }
tbody th { min-width: 8em; }
td.best { font-weight: 700; color: var(--accent); }
td.none { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 12px 0; font-size: 0.95rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
details { margin: 12px 0; }
summary { cursor: pointer; color: var(--soft); }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; font: 0.84rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 560px) {
  main { padding: 24px 14px 48px; }
  h1 { font-size: 1.55rem; }
  h2 { margin-top: 40px; }
  th, td { padding: 7px 6px; }
  figure { padding: 12px 10px; }
  table { font-size: 0.86rem; }
  tbody th { min-width: 6.5em; }
  thead th { font-size: 0.8rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print { body { background: #fff; } figure { break-inside: avoid; } }
`;
