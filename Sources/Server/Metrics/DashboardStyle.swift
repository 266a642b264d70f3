/// The dashboard's style: light and dark by the reader's preference or choice.
enum DashboardStyle {
  static let css = #"""
    :root {
      color-scheme: light; --ground: #f3f5f7; --panel: #fff; --text: #17212b; --dim: #566472;
      --line: #dbe1e7; --accent: #0b6bcb; --second: #b3541e; --fill: #0b6bcb22; --bar: #9cc4ea;
      --good: #1a7f47; --bad: #c02b2b; }
    @media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {
      color-scheme: dark; --ground: #10161c; --panel: #18212a; --text: #e4ebf1; --dim: #9aa9b7;
      --line: #2a3743; --accent: #5cb0ff; --second: #ffa56b; --fill: #5cb0ff22; --bar: #27577f;
      --good: #4ccb86; --bad: #ff7b72; } }
    :root[data-theme="dark"] {
      color-scheme: dark; --ground: #10161c; --panel: #18212a; --text: #e4ebf1; --dim: #9aa9b7;
      --line: #2a3743; --accent: #5cb0ff; --second: #ffa56b; --fill: #5cb0ff22; --bar: #27577f;
      --good: #4ccb86; --bad: #ff7b72; }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--text);
      font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    .skip { position: absolute; left: -999px; }
    .skip:focus { left: 8px; top: 8px; background: var(--panel); padding: 6px 10px; z-index: 1; }
    header { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 18px; padding: 14px 20px;
      border-bottom: 1px solid var(--line); background: var(--panel); }
    h1 { font-size: 20px; margin: 0; letter-spacing: .01em; }
    header p { margin: 0; color: var(--dim); }
    #state { margin-left: auto; color: var(--text); }
    .dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px;
      background: var(--dim); }
    .live .dot { background: var(--good); }
    .lost .dot { background: var(--bad); }
    button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line);
      border-radius: 6px; padding: 4px 10px; cursor: pointer; }
    button:hover { border-color: var(--accent); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px;
      padding: 16px 20px 28px; max-width: 1500px; margin: 0 auto; }
    .tiles, .wide { grid-column: 1 / -1; }
    .tiles { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); }
    .tile, .panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
    .tile { padding: 12px 14px 0; overflow: hidden; display: flex; flex-direction: column; }
    .panel { padding: 12px 14px 14px; min-width: 0; }
    h2 { font-size: 13px; font-weight: 600; color: var(--dim); margin: 0 0 4px; }
    .panel h2 { margin-bottom: 8px; }
    .figure { font-size: 28px; line-height: 1.15; font-weight: 600; margin: 0;
      font-variant-numeric: tabular-nums; white-space: nowrap; }
    .figure small { font-size: 14px; font-weight: 400; color: var(--dim); margin-left: 3px; }
    .more { margin: 2px 0 0; color: var(--dim); font-variant-numeric: tabular-nums; }
    .more b { color: var(--text); font-weight: 600; }
    .spark { width: calc(100% + 28px); height: 54px; margin: auto -14px 0; display: block; }
    .spark polyline { fill: none; stroke: var(--accent); stroke-width: 1.6;
      vector-effect: non-scaling-stroke; }
    .spark polyline.second { stroke: var(--second); }
    .spark polygon { fill: var(--fill); }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th { text-align: left; font-weight: 500; color: var(--dim); white-space: nowrap; }
    th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); }
    tr:last-child td { border-bottom: 0; }
    th:last-child, td:last-child { padding-right: 0; }
    .n { text-align: right; }
    td.code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 13px;
      max-width: 560px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    td.warn { color: var(--bad); font-weight: 600; }
    .bar { display: flex; align-items: center; gap: 8px; min-width: 130px; }
    .bar i { display: block; flex: 1; height: 8px; border-radius: 4px; background: var(--line);
      overflow: hidden; }
    .bar i b { display: block; height: 100%; background: var(--accent); border-radius: 4px; }
    .bar span { min-width: 64px; text-align: right; }
    .none { color: var(--dim); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; }
    dt { color: var(--dim); }
    dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    .note { padding: 0 20px; }
    @media (max-width: 900px) { main { grid-template-columns: minmax(0, 1fr); padding: 12px; } }
    @media (prefers-reduced-motion: no-preference) { .bar i b { transition: width .4s; } }
    """#
}
