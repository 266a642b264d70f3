/// The dashboard: one page without outside assets. Style and script stand beside it, and are put in here.
enum DashboardPage {
  static let html = #"""
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Martlet</title>
    <link rel="icon" href="data:,">
    <style>
    \#(DashboardStyle.css)
    </style>
    </head>
    <body>
    <a class="skip" href="#main">Skip to the figures</a>
    <header>
      <h1>Martlet</h1>
      <p id="about">&nbsp;</p>
      <p id="state" role="status"><span class="dot" aria-hidden="true"></span><span id="stateText">connecting</span></p>
      <button id="theme" type="button" aria-label="Switch between light and dark">Light / dark</button>
    </header>
    <main id="main">
      <section aria-label="Now" class="tiles">
        <article class="tile"><h2>Operations</h2><p class="figure"><span id="ops">–</span><small>/s</small></p>
          <svg id="opsChart" class="spark" role="img"></svg></article>
        <article class="tile"><h2>Latency</h2>
          <p class="figure"><span id="p99">–</span><small>µs p99</small></p>
          <p class="more">p50 <b id="p50">–</b> · p99.9 <b id="p999">–</b></p>
          <svg id="latencyChart" class="spark" role="img"></svg></article>
        <article class="tile"><h2>Memory</h2><p class="figure"><span id="memory">–</span></p>
          <p class="more"><span id="memoryMore">–</span></p>
          <svg id="memoryChart" class="spark" role="img"></svg></article>
        <article class="tile"><h2>Clients</h2><p class="figure"><span id="clients">–</span></p>
          <p class="more"><span id="clientsMore">–</span></p>
          <svg id="clientsChart" class="spark" role="img"></svg></article>
        <article class="tile"><h2>Hit rate</h2><p class="figure"><span id="hits">–</span><small>%</small></p>
          <p class="more"><span id="hitsMore">–</span></p>
          <svg id="hitsChart" class="spark" role="img"></svg></article>
        <article class="tile"><h2>Network</h2><p class="figure"><span id="net">–</span><small>/s out</small></p>
          <p class="more"><span id="netMore">–</span></p>
          <svg id="netChart" class="spark" role="img"></svg></article>
      </section>
      <section class="panel wide" aria-labelledby="shardsTitle">
        <h2 id="shardsTitle">Shards side by side</h2>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="shardsTitle">
        <table><thead><tr><th scope="col">Shard</th><th scope="col">Operations/s</th><th scope="col">Busy</th>
          <th scope="col" class="n">Keys</th><th scope="col" class="n">Clients</th>
          <th scope="col" class="n">For others/s</th><th scope="col" class="n">Turns &gt; 1 ms</th>
          <th scope="col" class="n">Longest</th></tr></thead><tbody id="shards"></tbody></table></div>
      </section>
      <section class="panel" aria-labelledby="commandsTitle">
        <h2 id="commandsTitle">Commands that take the most time</h2>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="commandsTitle">
        <table><thead><tr><th scope="col">Command</th><th scope="col" class="n">Calls</th>
          <th scope="col" class="n">Time</th><th scope="col" class="n">p50 µs</th>
          <th scope="col" class="n">p99 µs</th><th scope="col" class="n">Errors</th></tr></thead>
          <tbody id="commands"></tbody></table></div>
      </section>
      <section class="panel" aria-labelledby="keysTitle">
        <h2 id="keysTitle">Hot keys</h2>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="keysTitle">
        <table><thead><tr><th scope="col">Key</th><th scope="col" class="n">Database</th>
          <th scope="col" class="n">Shard</th><th scope="col" class="n">About, a second</th>
          <th scope="col">Share</th></tr></thead><tbody id="keys"></tbody></table></div>
      </section>
      <section class="panel wide" aria-labelledby="slowTitle">
        <h2 id="slowTitle">Slow log</h2>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="slowTitle">
        <table><thead><tr><th scope="col">When</th><th scope="col" class="n">Took</th>
          <th scope="col">Command</th><th scope="col">Client</th></tr></thead>
          <tbody id="slow"></tbody></table></div>
      </section>
      <section class="panel" aria-labelledby="persistenceTitle">
        <h2 id="persistenceTitle">Persistence</h2><dl id="persistence"></dl>
      </section>
      <section class="panel" aria-labelledby="spaceTitle">
        <h2 id="spaceTitle">Keys and memory</h2><dl id="space"></dl>
      </section>
    </main>
    <noscript><p class="note">This page needs JavaScript; /metrics does not.</p></noscript>
    <script>
    \#(DashboardScript.script)
    </script>
    </body>
    </html>
    """#
}
