"use strict";
// Everything here works on what the page holds: nothing is loaded, and text only ever becomes text.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse($("#data").textContent);
  const make = (tag, looks, ...inside) => {
    const node = document.createElement(tag);
    if (looks) node.className = looks;
    node.append(...inside.filter((part) => part !== null && part !== undefined && part !== ""));
    return node;
  };

  // ── traces ────────────────────────────────────────────────────────────────────────────────────────────
  const STATES = {
    t: ["met", "✓", "met: ", "hit"], f: ["unmet", "✕", "not met: ", "miss"], u: ["unsure", "?", "not known: ", "open"],
  };
  const LETTERS = {
    allow: ["A", "allow"], deny: ["D", "explicit-deny"], none: ["–", "implicit-deny"],
    maybe: ["?", "undetermined"], off: ["·", "skipped"],
  };
  const badge = (state) => {
    const [letter, looks] = LETTERS[state] || LETTERS.off;
    const node = make("span", `dec ${looks}`, letter);
    node.setAttribute("aria-hidden", "true");
    return node;
  };

  /** The text of a policy, with line numbers; the statements that count are marked, and their clauses. */
  const policyText = (policy) => {
    const { name, line, text } = data.texts[policy.text];
    const wide = text.split("\n").some((row) => row.length > 160);
    const box = make("div", wide ? "text wide mono" : "text mono");
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `text of ${policy.name}`);
    const marks = [];
    const rows = [];
    for (const statement of policy.statements) {
      if (statement.decisive || statement.matches !== "f" || statement.near) {
        rows.push([statement.from, statement.to, statement.decisive ? `in ${statement.effect}` : "in"]);
      }
      for (const clause of statement.clauses) {
        if (clause.from < clause.to) marks.push([clause.from, clause.to, STATES[clause.outcome][3]]);
      }
    }
    let at = 0;
    let number = line;
    let first = null;
    for (const row of text.split("\n")) {
      const end = at + row.length;
      const within = rows.find(([from, to]) => from <= end && at < to && (from < end || row === ""));
      const code = make("span", "code");
      const cuts = new Set([at, end]);
      for (const [from, to] of marks) {
        if (from > at && from < end) cuts.add(from);
        if (to > at && to < end) cuts.add(to);
      }
      const points = [...cuts].sort((one, other) => one - other);
      for (let index = 0; index + 1 < points.length; index += 1) {
        const [from, to] = [points[index], points[index + 1]];
        const piece = text.slice(from, to);
        const mark = marks.find(([start, stop]) => start <= from && to <= stop);
        code.append(mark ? make("mark", mark[2], piece) : piece);
      }
      const shown = make("div", within ? `row ${within[2]}` : "row", make("span", "no", String(number)), code);
      if (within && !first) first = shown;
      box.append(shown);
      at = end + 1;
      number += 1;
    }
    const figure = make("figure", "excerpt", make("figcaption", "mono", `${name}:${line}`), box);
    // Long policies open where it matters.
    if (first) requestAnimationFrame(() => { box.scrollTop = Math.max(0, first.offsetTop - box.offsetTop - 60); });
    if (text.length > 4000) box.style.maxHeight = "26rem";
    return figure;
  };

  const statementItem = (statement) => {
    const head = make("div", statement.decisive ? "decisive" : "");
    head.append(`statement ${statement.number}${statement.sid ? ` ${statement.sid}` : ""}: ${statement.says}`);
    if (statement.decisive) head.append(" ", make("span", statement.effect === "deny" ? "chip no" : "chip yes", "decided"));
    const list = make("ul", "");
    for (const clause of statement.clauses) {
      const [looks, letter, word] = STATES[clause.outcome];
      const mark = make("span", looks, letter);
      mark.setAttribute("aria-hidden", "true");
      list.append(make("li", "clause", mark, make("span", "", make("span", "far", word), clause.says)));
    }
    return make("li", "", head, list);
  };

  const policyFold = (policy) => {
    const fold = make("details", "policy fold");
    const summary = make("summary", "", make("span", "", policy.name), make("span", "quiet", policy.says));
    fold.append(summary);
    const inside = () => {
      const list = make("ul", "statements", ...policy.statements.map(statementItem));
      if (policy.others) {
        const many = policy.others === 1 ? "1 statement is" : `${policy.others} statements are`;
        list.append(make("li", "quiet", `${many} about other actions`));
      }
      fold.append(list, policyText(policy));
    };
    fold.addEventListener("toggle", () => { if (fold.open && fold.children.length === 1) inside(); });
    if (policy.open) { inside(); fold.open = true; }
    return fold;
  };

  const layerItem = (layer) => {
    const head = make("div", "head", make("b", "", layer.name), make("span", "quiet", layer.says));
    const item = make("li", layer.state === "off" ? "off" : "", badge(layer.state), head);
    for (const note of layer.notes) item.append(make("p", "quiet", note));
    for (const level of layer.levels) {
      if (level.name) item.append(make("p", "level", level.policies.length ? level.name : `${level.name}: nothing is attached`));
      item.append(...level.policies.map(policyFold));
    }
    return item;
  };

  const listed = (title, texts) => (texts.length
    ? [make("dt", "", title), make("dd", "", ...texts.flatMap((text, index) => (index ? [make("br", ""), text] : [text])))]
    : []);

  const traceOf = (id) => {
    const trace = data.traces[id];
    const box = make("div", "trace");
    box.dataset.rendered = id;
    const facts = make("dl", "facts");
    facts.append(
      ...listed("who", [trace.by]), ...listed("does", [trace.action]), ...listed("on", [trace.on]),
      ...listed("answer", [`${trace.decision}, ${trace.because}`]), ...listed("decided by", trace.deciding),
      ...listed("near misses", trace.near), ...listed("depends on", trace.unknown),
    );
    box.append(facts, make("ol", "layers", ...trace.layers.map(layerItem)));
    if (trace.context.length) {
      const fold = make("details", "fold", make("summary", "", `the request's context (${trace.context.length} keys)`));
      const table = make("dl", "facts mono");
      for (const [key, value] of trace.context) table.append(make("dt", "", key), make("dd", "", value));
      fold.append(table);
      box.append(fold);
    }
    return box;
  };

  const fill = (holder) => {
    const place = $(".place", holder);
    if (place && !place.firstChild && data.traces[place.dataset.trace]) place.append(traceOf(place.dataset.trace));
  };
  all("details").filter((node) => $(":scope > .place, :scope > .inside > .place", node)).forEach((node) => {
    node.addEventListener("toggle", () => { if (node.open) fill(node); });
    if (node.open) fill(node);
  });

  // ── going to a step ───────────────────────────────────────────────────────────────────────────────────
  const open = (id) => {
    const target = id && document.getElementById(id);
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    const own = $(":scope > details", target);
    if (own) { own.open = true; fill(own); }
    const focus = own ? $(":scope > summary", own) : target;
    if (!own) target.tabIndex = -1;
    focus.focus({ preventScroll: true });
    target.scrollIntoView({ block: "start" });
  };
  const follow = () => { try { open(decodeURIComponent(location.hash.slice(1))); } catch { /* no place of ours */ } };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    // A link to where one is already changes no address.
    if (link && link.hash === location.hash) follow();
  });

  // ── the matrix by arrow keys ──────────────────────────────────────────────────────────────────────────
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest && event.target.closest(".matrix td");
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!cell || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    const table = cell.closest("table");
    const rows = all("tbody tr", table).map((row) => all("td", row));
    const y = rows.findIndex((row) => row.includes(cell));
    let [row, column] = [y, rows[y].indexOf(cell)];
    for (;;) {
      column += step[0];
      row += step[1];
      if (!rows[row] || (step[0] && !rows[row][column])) return;
      const link = rows[row][column] && $("a", rows[row][column]);
      if (link) { link.focus(); event.preventDefault(); return; }
    }
  });

  // ── filter, theme, folding ────────────────────────────────────────────────────────────────────────────
  const filter = $("#filter");
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const speaks = (text) => words.every((word) => text.toLowerCase().includes(word));
    let steps = 0;
    for (const scenario of all(".scenario")) {
      const whole = speaks(scenario.dataset.words || "");
      let any = false;
      for (const item of all(".steps > li", scenario)) {
        const shown = whole || speaks(item.dataset.words || "");
        item.hidden = !shown;
        any = any || shown;
        if (shown) steps += 1;
      }
      scenario.hidden = !any && !whole;
      if (words.length && any && !whole) scenario.open = true;
    }
    for (const card of all(".card")) card.hidden = words.length > 0 && !speaks(card.dataset.words || "");
    $("#shown").textContent = words.length ? `${steps} steps speak of it` : "";
  };
  filter.addEventListener("input", apply);

  const THEMES = ["auto", "light", "dark"];
  const themeButton = $("#theme");
  const kept = () => { try { return localStorage.getItem("iamsim-theme"); } catch { return null; } };
  const setTheme = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    themeButton.textContent = { auto: "◐ auto", light: "☀ light", dark: "☾ dark" }[theme];
    themeButton.dataset.theme = theme;
    themeButton.setAttribute("aria-label", `colours: ${theme}; press for the next`);
    try { localStorage.setItem("iamsim-theme", theme); } catch { /* a page from disk may keep nothing */ }
  };
  const nextTheme = () => setTheme(THEMES[(THEMES.indexOf(themeButton.dataset.theme) + 1) % THEMES.length]);
  themeButton.addEventListener("click", nextTheme);
  setTheme(THEMES.includes(kept()) ? kept() : "auto");

  const fold = (isOpen) => () => all(".scenario:not([hidden])").forEach((node) => { node.open = isOpen; });
  $("#unfold").addEventListener("click", fold(true));
  $("#fold").addEventListener("click", fold(false));

  // ── keys ──────────────────────────────────────────────────────────────────────────────────────────────
  let last = -1;
  const walk = (by) => {
    const wrong = all(".card:not([hidden])");
    if (!wrong.length) return;
    last = (last + by + wrong.length) % wrong.length;
    wrong[last].tabIndex = -1;
    wrong[last].focus({ preventScroll: true });
    wrong[last].scrollIntoView({ block: "start" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target === filter) {
      if (event.key === "Escape") { filter.value = ""; apply(); filter.blur(); }
      return;
    }
    const action = { "/": () => filter.focus(), n: () => walk(1), p: () => walk(last < 0 ? 0 : -1), t: nextTheme }[event.key];
    if (action) { event.preventDefault(); action(); }
  });

  // ── the graph: who stands next to whom ────────────────────────────────────────────────────────────────
  for (const graph of all(".graph .tg")) {
    const light = (node) => {
      const place = node && node.dataset.node;
      graph.classList.toggle("dim", Boolean(node));
      all(".lit", graph).forEach((lit) => lit.classList.remove("lit"));
      if (!node) return;
      node.classList.add("lit");
      for (const edge of all(".edge", graph)) {
        const { from, to } = edge.dataset;
        if (from !== place && to !== place) continue;
        edge.classList.add("lit");
        for (const end of [from, to]) $(`.node[data-node="${end}"]`, graph).classList.add("lit");
      }
    };
    for (const node of all(".node", graph)) {
      node.tabIndex = 0;
      node.setAttribute("role", "img");
      node.setAttribute("aria-label", $("title", node).textContent.split("\n")[0]);
      node.addEventListener("mouseenter", () => light(node));
      node.addEventListener("mouseleave", () => light(null));
      node.addEventListener("focus", () => light(node));
      node.addEventListener("blur", () => light(null));
    }
  }

  follow();
  document.documentElement.dataset.ready = String(Object.keys(data.traces).length);
})();
