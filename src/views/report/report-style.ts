/** The look of a report: light and dark, wide and narrow, on paper. */
export const reportStyle = `
:root { color-scheme: light dark; --back: #fff; --panel: #f6f8fa; --line: #d1d9e0; --text: #1f2328; --quiet: #59636e; --link: #0969da;
  --good: #1a7f37; --good-back: #dafbe1; --bad: #cf222e; --bad-back: #ffebe9; --wait: #9a6700; --wait-back: #fff8c5; --run: #0969da; --run-back: #ddf4ff; --off: #59636e; --off-back: #eaeef2; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --panel: #151b23; --line: #3d444d; --text: #f0f6fc; --quiet: #9198a1; --link: #4493f8;
  --good: #3fb950; --good-back: #12261e; --bad: #f85149; --bad-back: #301b1f; --wait: #d29922; --wait-back: #2b2111; --run: #4493f8; --run-back: #121d2f; --off: #9198a1; --off-back: #212830; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
.page { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 78rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; gap: 1rem 2.5rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1.25rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; } h2 { font-size: 1.35rem; margin: 2.25rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; } h4, h5, h6 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
.quiet, small { color: var(--quiet); } .quiet { font-size: .9rem; margin: .25rem 0 .75rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem 1.5rem; margin: 1rem 0 0; } .facts dt { color: var(--quiet); font-size: .8rem; } .facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; white-space: nowrap; background: var(--off-back); color: var(--off); }
.completed, .passed, .scored { --tone: var(--good); --tone-back: var(--good-back); } .failed, .timeout { --tone: var(--bad); --tone-back: var(--bad-back); }
.running, .stepping, .consolidating { --tone: var(--run); --tone-back: var(--run-back); } .retrying, .waiting, .pending-flow, .not_evaluated { --tone: var(--wait); --tone-back: var(--wait-back); }
.skipped, .cancelled, .pending, .interrupted, .released { --tone: var(--off); --tone-back: var(--off-back); }
.badge { background: var(--tone-back, var(--off-back)); color: var(--tone, var(--off)); }
.meter { height: .6rem; border-radius: .3rem; background: var(--off-back); overflow: hidden; margin: .35rem 0 .25rem; } .meter > i { display: block; height: 100%; background: var(--tone, var(--good)); }
.trouble { border-left: .25rem solid var(--bad); background: var(--bad-back); padding: .6rem .9rem; border-radius: 0 .375rem .375rem 0; margin: .75rem 0; white-space: pre-wrap; } .trouble code { color: var(--bad); font-weight: 600; }
nav { font-size: .9rem; } nav ol { list-style: none; margin: .35rem 0; padding: 0; } nav ol ol { padding-left: .9rem; border-left: 1px solid var(--line); margin-left: .2rem; } nav li { margin: .2rem 0; } nav summary { font-weight: 600; cursor: pointer; }
pre, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .85rem; } pre { background: var(--panel); border: 1px solid var(--line); border-radius: .375rem; padding: .75rem; overflow: auto; max-height: 28rem; margin: .35rem 0 .75rem; white-space: pre-wrap; }
:not(pre) > code { background: var(--panel); padding: .1rem .3rem; border-radius: .25rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; overflow-wrap: normal; } th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border: 1px solid var(--line); } th { background: var(--panel); } td.wide { overflow-wrap: anywhere; min-width: 12rem; }
iframe { color-scheme: light; width: 100%; border: 1px solid var(--line); border-radius: .375rem; background: #fff; resize: vertical; } img { max-width: 100%; }
.timeline { font-size: .85rem; display: grid; gap: .3rem; } .timeline a { display: grid; grid-template-columns: minmax(0, 14rem) minmax(0, 1fr) 4.5rem; gap: .75rem; align-items: center; color: inherit; }
.timeline span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .timeline b { position: relative; height: 1rem; background: var(--panel); border-radius: .2rem; } .timeline i { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: .2rem; background: var(--tone, var(--off)); } .timeline small { text-align: right; font-variant-numeric: tabular-nums; }
details.step { border: 1px solid var(--line); border-left: .25rem solid var(--tone, var(--off)); border-radius: .375rem; margin: .5rem 0; } details.step > summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; padding: .5rem .75rem; cursor: pointer; } details.step > summary strong { flex: 1 1 12rem; } details.step > div { padding: 0 .9rem .6rem; border-top: 1px solid var(--line); } details.step.skipped { border-style: dashed; }
details.step h4 { margin: .75rem 0 0; font-size: .8rem; color: var(--quiet); font-weight: 600; } blockquote { margin: .75rem 0; padding: 0 1rem; border-left: .25rem solid var(--line); color: var(--quiet); } section.document { border-bottom: 1px solid var(--line); padding-bottom: 1rem; }
footer { color: var(--quiet); font-size: .85rem; margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
@media (min-width: 64rem) { .page { grid-template-columns: 15rem minmax(0, 1fr); } header { grid-column: 1 / -1; } nav { position: sticky; top: 1rem; align-self: start; max-height: calc(100vh - 2rem); overflow-y: auto; } main > h2:first-child, main > section:first-child > h2 { margin-top: 0; } }
@media (max-width: 64rem) { nav { max-height: 50vh; overflow-y: auto; border: 1px solid var(--line); border-radius: .375rem; padding: .5rem .9rem; } }
@media (max-width: 40rem) { body { font-size: 15px; } h1 { font-size: 1.4rem; } .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); } .timeline a { grid-template-columns: minmax(0, 1fr) 4.5rem; gap: 0 .75rem; } .timeline b { grid-column: 1 / -1; grid-row: 2; height: .6rem; } td.wide { min-width: 9rem; } }
@media print { nav { display: none; } .page { display: block; max-width: none; } details.step { break-inside: avoid; } pre { max-height: none; } }
`;
