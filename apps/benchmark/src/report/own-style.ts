/** What this report's style sheet has beside that of all reports. */
export const ownStyle = `
:root {
  --bar: #dbe6fb; --mark: #fff0b8;
  --class-0: #4269d0; --class-1: #d99a06; --class-2: #e6492d; --class-3: #4aa596; --class-4: #3ca951;
  --class-5: #e57fb0; --class-6: #8a5cd6; --class-7: #5fa3e0; --class-8: #9c6b4e; --class-9: #7c8596;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bar: #2a3c63; --mark: #57480f;
    --class-0: #7f9cf0; --class-1: #efb118; --class-2: #ff725c; --class-3: #6cc5b0; --class-4: #5fd074;
    --class-5: #ff9fcb; --class-6: #b48cf5; --class-7: #97bbf5; --class-8: #c49a7f; --class-9: #aeb5c2;
  }
}
.rows { display: grid; gap: 12px; margin: 14px 0; }
.row { display: grid; grid-template-columns: 76px minmax(0, 1fr); gap: 16px; align-items: start; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(66px, 1fr)); gap: 8px; max-width: 680px; }
.tile { text-align: center; font-size: 0.76rem; color: var(--soft); line-height: 1.3; min-width: 0; overflow-wrap: anywhere; hyphens: auto; }
.tile img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 6px; border: 3px solid transparent; background: #000; }
.tile.wrong img { border-color: var(--bad); }
.tile.wrong { color: var(--bad); font-weight: 600; }
.masks { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px; margin: 14px 0; }
.mask { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; min-width: 0; overflow-wrap: anywhere; hyphens: auto; }
.mask p { margin-bottom: 8px; }
.mask mark { background: var(--mark); color: inherit; border-radius: 4px; padding: 1px 5px; font-weight: 600; }
.guesses { margin: 0; padding: 0; list-style: none; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.guesses li { position: relative; display: flex; justify-content: space-between; gap: 12px; padding: 2px 8px; margin: 2px 0; border-radius: 4px; isolation: isolate; }
.guesses li > i { position: absolute; inset: 0 auto 0 0; background: var(--bar); border-radius: 4px; z-index: -1; }
.guesses li.right { font-weight: 700; color: var(--good); }
.verdict { font-size: 0.88rem; color: var(--soft); margin: 8px 0 0; }
@media (max-width: 560px) {
  .row { grid-template-columns: minmax(0, 1fr); }
  .row > .tile { max-width: 76px; }
}
@media print { .mask, .row { break-inside: avoid; } }
`;
