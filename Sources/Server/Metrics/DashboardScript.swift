/// The dashboard's script: asks for `/data.json` every second and shows what changed. Rates are differences between
/// two answers; what the server says of keys and commands is shown as text, never as markup.
enum DashboardScript {
  static let script = #"""
    "use strict";
    const samplesMax = 120;
    const byId = (id) => document.getElementById(id);
    const series = {ops: [], p50: [], p99: [], memory: [], clients: [], hits: [], out: [], in: []};
    let last = null;

    const compact = new Intl.NumberFormat("en", {notation: "compact", maximumFractionDigits: 1});
    const plain = new Intl.NumberFormat("en", {maximumFractionDigits: 1});
    const number = (n) => n >= 100000 ? compact.format(n) : plain.format(n);
    function bytes(n) {
      const units = ["B", "KiB", "MiB", "GiB", "TiB"];
      let unit = 0;
      while (n >= 1024 && unit < 4) { n /= 1024; unit += 1; }
      return n.toFixed(n < 10 && unit > 0 ? 2 : n < 100 && unit > 0 ? 1 : 0) + " " + units[unit];
    }
    function time(microseconds) {
      if (microseconds < 1000) return plain.format(microseconds) + " µs";
      if (microseconds < 1e6) return plain.format(microseconds / 1000) + " ms";
      return plain.format(microseconds / 1e6) + " s";
    }
    function span(seconds) {
      if (seconds < 60) return seconds + " s";
      if (seconds < 3600) return Math.floor(seconds / 60) + " min";
      if (seconds < 86400) return Math.floor(seconds / 3600) + " h " + Math.floor(seconds % 3600 / 60) + " min";
      return Math.floor(seconds / 86400) + " d " + Math.floor(seconds % 86400 / 3600) + " h";
    }
    function text(id, value) {
      const element = byId(id);
      if (element.textContent !== value) element.textContent = value;
    }

    function push(name, value) {
      series[name].push(value);
      if (series[name].length > samplesMax) series[name].shift();
    }
    function draw(id, names, label) {
      const svg = byId(id);
      svg.setAttribute("viewBox", "0 0 " + (samplesMax - 1) + " 100");
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("aria-label", label);
      const all = names.flatMap((name) => series[name]).filter((v) => v !== null);
      const top = Math.max(...all, 1e-9) * 1.1;
      svg.replaceChildren();
      names.forEach((name, index) => {
        const values = series[name];
        const points = values.map((value, i) =>
          [samplesMax - values.length + i, 100 - (value || 0) / top * 92 - 2]);
        if (points.length < 2) return;
        const path = points.map((p) => p[0] + "," + p[1].toFixed(2)).join(" ");
        if (index === 0) {
          const area = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
          area.setAttribute("points", points[0][0] + ",100 " + path + " " + (samplesMax - 1) + ",100");
          svg.append(area);
        }
        const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
        line.setAttribute("points", path);
        if (index > 0) line.setAttribute("class", "second");
        svg.append(line);
      });
    }

    // What is longer than a part of the calls between two cumulative histograms.
    function percentiles(now, before, wanted) {
      const earlier = (limit) => {
        let count = 0;
        for (const [end, seen] of before) { if (end <= limit * 1.0001) count = seen; else break; }
        return count;
      };
      const steps = now.map(([end, seen]) => [end, seen - earlier(end)]);
      const total = steps.length ? steps[steps.length - 1][1] : 0;
      if (total <= 0) return wanted.map(() => null);
      return wanted.map((part) => {
        const step = steps.find(([, count]) => count >= total * part);
        return step ? step[0] : steps[steps.length - 1][0];
      });
    }

    function cell(value, kind) {
      const td = document.createElement("td");
      if (kind) td.className = kind;
      if (value instanceof Node) td.append(value); else { td.textContent = value; td.title = kind === "code" ? value : ""; }
      return td;
    }
    function bar(part, label) {
      const box = document.createElement("div");
      box.className = "bar";
      const rail = document.createElement("i");
      const fill = document.createElement("b");
      fill.style.width = Math.min(100, Math.max(0, part * 100)).toFixed(1) + "%";
      rail.append(fill);
      rail.setAttribute("aria-hidden", "true");
      const figure = document.createElement("span");
      figure.textContent = label;
      box.append(rail, figure);
      return box;
    }
    function rows(id, items, columns, nothing) {
      const body = byId(id);
      if (!items.length) {
        const td = cell(nothing, "none");
        td.colSpan = body.closest("table").tHead.rows[0].cells.length;
        const tr = document.createElement("tr");
        tr.append(td);
        return body.replaceChildren(tr);
      }
      body.replaceChildren(...items.map((item) => {
        const tr = document.createElement("tr");
        tr.append(...columns(item));
        return tr;
      }));
    }
    function list(id, entries) {
      byId(id).replaceChildren(...entries.flatMap(([name, value]) => {
        const term = document.createElement("dt");
        const description = document.createElement("dd");
        term.textContent = name;
        description.textContent = value;
        return [term, description];
      }));
    }

    // Each shard tells about itself once a second, at a moment of its own: rates are over its own time.
    const rates = new Map();
    const counted = ["commands", "foreign", "busy", "in", "out", "hits", "misses"];
    function measure(shard) {
      const known = rates.get(shard.index);
      if (!known) {
        const zeros = Object.fromEntries(counted.map((name) => [name, 0]));
        rates.set(shard.index, {shard, perSecond: zeros});
      } else if (shard.time > known.shard.time) {
        const seconds = (shard.time - known.shard.time) / 1000;
        const perSecond = Object.fromEntries(counted.map((name) =>
          [name, Math.max(0, shard[name] - known.shard[name]) / seconds]));
        rates.set(shard.index, {shard, perSecond});
      }
    }

    function show(data) {
      const info = data.info;
      const figure = (name) => Number(info[name] || 0);
      text("about", "version " + info.martlet_version + " · " + data.shards.length
        + (data.shards.length === 1 ? " shard" : " shards") + " · up " + span(figure("uptime_in_seconds"))
        + " · port " + info.tcp_port);
      const commands = data.shards.reduce((sum, shard) => sum + shard.commands, 0);
      const restarted = last && (last.info.run_id !== info.run_id || commands < last.commands);
      if (restarted) { last = null; rates.clear(); }
      data.shards.forEach(measure);
      const rate = (name) => [...rates.values()].reduce((sum, shard) => sum + shard.perSecond[name], 0);
      if (last) {
        const ops = rate("commands");
        push("ops", ops);
        text("ops", number(Math.round(ops)));
        const [p50, p99, p999] = percentiles(data.latency, last.data.latency, [0.5, 0.99, 0.999]);
        push("p50", p50);
        push("p99", p99);
        const shown = (v) => v === null ? "–" : plain.format(v);
        text("p99", shown(p99));
        text("p50", shown(p50));
        text("p999", shown(p999));
        push("out", rate("out"));
        push("in", rate("in"));
        text("net", bytes(rate("out")));
        text("netMore", bytes(rate("in")) + "/s in");
        const hits = rate("hits");
        const misses = rate("misses");
        push("hits", hits + misses > 0 ? hits / (hits + misses) * 100 : series.hits[series.hits.length - 1] || 0);
        draw("opsChart", ["ops"], "Operations a second over the last two minutes, now " + Math.round(ops));
        draw("latencyChart", ["p99", "p50"], "Latency: 99th percentile, and the median below it");
        draw("netChart", ["out", "in"], "Bytes a second out and in");
        draw("hitsChart", ["hits"], "Hit rate in percent");
      }
      const allHits = figure("keyspace_hits");
      const allReads = allHits + figure("keyspace_misses");
      text("hits", allReads ? plain.format(allHits / allReads * 100) : "–");
      text("hitsMore", number(allHits) + " of " + number(allReads));
      push("memory", figure("used_memory"));
      text("memory", bytes(figure("used_memory")));
      text("memoryMore", (figure("maxmemory") ? "of " + bytes(figure("maxmemory")) + " · " : "")
        + "RSS " + bytes(figure("used_memory_rss")));
      push("clients", figure("connected_clients"));
      text("clients", number(figure("connected_clients")));
      text("clientsMore", number(figure("blocked_clients")) + " waiting · max " + number(figure("maxclients")));
      draw("memoryChart", ["memory"], "Memory used");
      draw("clientsChart", ["clients"], "Connected clients");

      const per = (shard, name) => rates.get(shard.index).perSecond[name];
      const most = Math.max(...data.shards.map((shard) => per(shard, "commands")), 1);
      rows("shards", data.shards, (shard) => {
        const long = Object.values(shard.longTurns).reduce((a, b) => a + b, 0);
        const causes = Object.entries(shard.longTurns).filter(([, n]) => n > 0)
          .map(([cause, n]) => cause + " " + n).join(", ");
        const turns = cell(long ? number(long) + " (" + causes + ")" : "0", "n");
        return [cell(String(shard.index)),
          cell(bar(per(shard, "commands") / most, number(Math.round(per(shard, "commands"))))),
          cell(bar(per(shard, "busy") / 1e6, (per(shard, "busy") / 1e4).toFixed(1) + " %")),
          cell(number(shard.keys), "n"), cell(number(shard.connections), "n"),
          cell(number(Math.round(per(shard, "foreign"))), "n"), turns,
          cell(shard.longest ? time(shard.longest) : "–", "n")];
      }, "");
      rows("commands", data.commands, (command) => [
        cell(command.name, "code"), cell(number(command.calls), "n"), cell(time(command.usec), "n"),
        cell(plain.format(command.p50), "n"), cell(plain.format(command.p99), "n"),
        cell(number(command.failed), command.failed ? "n warn" : "n")], "No command yet.");
      rows("keys", data.hotkeys, (key) => [
        cell(key.key, "code"), cell(String(key.database), "n"), cell(String(key.shard), "n"),
        cell(number(key.perSecond), "n"), cell(bar(key.percent / 100, key.percent.toFixed(1) + " %"))],
        "No key stands out.");
      rows("slow", data.slowlog, (entry) => [
        cell(new Date(entry.time * 1000).toLocaleTimeString()), cell(time(entry.usec), "n"),
        cell(entry.words, "code"), cell(entry.client + (entry.name ? " " + entry.name : ""))],
        "Nothing was slow.");
      const ok = (name) => info[name] === "ok" ? "ok" : "failed";
      const saved = figure("rdb_last_save_time");
      list("persistence", [
        ["Last snapshot", saved ? new Date(saved * 1000).toLocaleString() + ", " + ok("rdb_last_bgsave_status") : "none"],
        ["Changes since", number(figure("rdb_changes_since_last_save"))],
        ["Snapshot", figure("rdb_bgsave_in_progress") ? "under way" : "idle"],
        ["Append-only log", figure("aof_enabled") ? "on, " + ok("aof_last_write_status") : "off"],
        ["Log rewrite", figure("aof_rewrite_in_progress") ? "under way" : "idle"],
        ["Role", (info.role === "master" ? "primary" : "replica") + ", " + number(figure("connected_slaves")) + " replicas"]]);
      list("space", [
        ["Keys", number(data.shards.reduce((sum, shard) => sum + shard.keys, 0))],
        ["Expired / evicted", number(figure("expired_keys")) + " / " + number(figure("evicted_keys"))],
        ["Data / overhead", bytes(figure("used_memory_dataset")) + " / " + bytes(figure("used_memory_overhead"))],
        ["Peak", bytes(figure("used_memory_peak"))],
        ["Fragmentation", info.mem_fragmentation_ratio || "–"],
        ["Policy", info.maxmemory_policy || "–"]]);
      last = {data, info, commands};
    }

    function state(kind, words) {
      byId("state").className = kind;
      text("stateText", words);
    }
    async function poll() {
      try {
        const response = await fetch("data.json", {cache: "no-store"});
        if (!response.ok) throw new Error(String(response.status));
        show(await response.json());
        state("live", "live");
      } catch (error) {
        state("lost", "no answer, trying again");
      }
      setTimeout(poll, document.hidden ? 5000 : 1000);
    }

    byId("theme").addEventListener("click", () => {
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
    });
    poll();
    """#
}
