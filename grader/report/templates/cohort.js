"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { criteria, rows, messages, outcomes, causes, statuses } = data;
  const CODES = { p: "passed", t: "partial", f: "failed", b: "blocked", h: "by_hand", i: "infrastructure", u: "unverifiable", l: "borderline", g: "flagged" };
  const REVIEW = "hiulg", CHUNK = 100;
  const outcomeOf = code => (REVIEW.includes(code) ? "needs_review" : CODES[code]);
  const byId = id => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const page = (row, criterion) => `submissions/${encodeURIComponent(row.id)}/feedback.html${criterion ? "#" + criterion : ""}`;
  const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  const number = value => String(Math.round(value * 100) / 100);
  rows.forEach((row, n) => { row.n = n; row.found = plain(`${row.names} ${row.id} ${row.file}`); });

  if (byId("submissions")) table();
  if (byId("matrix")) matrix();

  function table() {
    const body = byId("rows"), count = byId("count"), chip = byId("chip"), controls = ["search", "outcome", "cause", "criterion"];
    const columns = {
      id: row => row.id, names: row => plain(row.names), hand: row => row.hand, status: row => row.status,
      earned: row => row.earned, pending: row => row.pending, bonus: row => row.bonus, seconds: row => row.seconds, n: row => row.n,
    };
    let state = { sort: "n", down: false, message: "" }, found = rows, shown = 0;
    const labels = { names: "students" };

    for (const [key, one] of Object.entries(outcomes)) byId("outcome").append(make("option", { value: key }, one.join(" ")));
    for (const [key, one] of Object.entries(causes)) byId("cause").append(make("option", { value: key }, one));
    for (const one of criteria) byId("criterion").append(make("option", { value: one.id }, one.id));

    function matches(row) {
      const words = plain(byId("search").value).split(/\s+/).filter(Boolean);
      if (!words.every(word => row.found.includes(word))) return false;
      const outcome = byId("outcome").value, cause = byId("cause").value, criterion = byId("criterion").value;
      if (!outcome && !cause && !state.message) return !criterion || criteria.some((one, at) => one.id === criterion && row.codes[at] !== "-");
      return criteria.some((one, at) => {
        const code = row.codes[at];
        return (!criterion || one.id === criterion) && code !== "-" && (!outcome || outcomeOf(code) === outcome)
          && (!cause || CODES[code] === cause) && (!state.message || row.said[at] === Number(state.message));
      });
    }
    function line(row) {
      const criterion = byId("criterion").value, at = criteria.findIndex(one => one.id === criterion);
      const said = at >= 0 && row.codes[at] !== "-" ? outcomes[outcomeOf(row.codes[at])].join(" ") + (at in row.said ? ": " + messages[row.said[at]] : "") : "";
      return make("tr", {},
        make("th", { scope: "row" }, make("a", { href: page(row, criterion) }, row.id)),
        make("td", { class: "text", dir: "auto" }, row.names), make("td", { class: "text" }, row.hand),
        make("td", { class: "text" }, statuses[row.status] + (row.reason ? ` (${row.reason})` : "") + (row.flags ? ", findings: " + row.flags : "")),
        make("td", {}, number(row.earned)), make("td", {}, number(row.pending)), make("td", {}, number(row.bonus)),
        make("td", {}, String(Math.round(row.seconds))), make("td", { class: "text" }, said));
    }
    function command(row) {
      const at = criteria.findIndex((one, at) => row.said[at] === Number(state.message) && (!byId("criterion").value || one.id === byId("criterion").value));
      return `grader marks comment OUT ${row.id} "\u2026" --criterion ${criteria[at].id} --alike`;
    }
    function more(most = CHUNK) {
      const part = document.createDocumentFragment();
      for (const row of found.slice(shown, shown + most)) part.append(line(row));
      shown = Math.min(found.length, shown + most);
      body.append(part);
      byId("more").hidden = shown >= found.length;
    }
    function show() {
      const key = columns[state.sort];
      found = rows.filter(matches);
      found.sort((a, b) => { const x = key(a), y = key(b); return (x < y ? -1 : x > y ? 1 : a.n - b.n) * (state.down ? -1 : 1); });
      body.replaceChildren(); shown = 0; more();
      count.textContent = `${found.length} of ${rows.length} submissions`;
      chip.hidden = !state.message;
      byId("one-comment").hidden = !state.message || found.length < 2;
      if (!byId("one-comment").hidden) byId("command").textContent = command(found[0]);
      if (state.message) byId("said").textContent = messages[Number(state.message)];
      for (const button of document.querySelectorAll("[data-sort]"))
        button.closest("th").setAttribute("aria-sort", button.dataset.sort !== state.sort ? "none" : state.down ? "descending" : "ascending");
    }
    function fromAddress() {
      const asked = new URLSearchParams(location.hash.slice(1));
      if (!asked.has("show")) return false;
      for (const name of controls) byId(name).value = asked.get(name) ?? "";
      state.message = asked.get("message") ?? "";
      show();
      byId("submissions").scrollIntoView();
      return true;
    }
    for (const name of controls) byId(name).addEventListener("input", show);
    byId("clear").addEventListener("click", () => { for (const name of controls) byId(name).value = ""; state.message = ""; show(); byId("search").focus(); });
    byId("chip-off").addEventListener("click", () => { state.message = ""; show(); byId("search").focus(); });
    byId("more").addEventListener("click", () => more());
    for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => {
      const same = state.sort === button.dataset.sort;
      state.down = same ? !state.down : ["earned", "pending", "bonus", "seconds"].includes(button.dataset.sort);
      state.sort = button.dataset.sort; show();
    });
    addEventListener("hashchange", fromAddress);
    addEventListener("beforeprint", () => more(Infinity));
    if (!fromAddress()) show();
  }

  function matrix() {
    const body = byId("matrix-rows"), frame = byId("frame");
    let found = rows, from = -1, height = 0;
    const line = row => make("tr", {},
      make("th", { scope: "row" }, make("a", { href: page(row), dir: "auto" }, row.names || row.id)),
      make("td", { class: "sum" }, number(row.earned)),
      ...criteria.map((one, at) => {
        const code = row.codes[at];
        if (code === "-") return make("td");
        const [icon, word] = outcomes[outcomeOf(code)];
        return make("td", {}, make("a", { class: outcomeOf(code), href: page(row, one.id), "aria-label": `${one.id}: ${word}`, title: `${one.id}: ${word}` }, icon));
      }));
    const gap = rowsAway => { const made = make("tr", { "aria-hidden": "true" }, make("td", { colspan: String(criteria.length + 2) })); made.style.height = `${rowsAway * height}px`; return made; };
    function draw(everything = false) {
      const many = everything ? found.length : 40;
      const top = height ? Math.floor(frame.scrollTop / height) : 0;
      const start = everything ? 0 : Math.max(0, Math.min(top - 8, found.length - many));
      if (start === from && !everything) return;
      from = everything ? -1 : start;
      const part = found.slice(start, start + many).map(line);
      body.replaceChildren(...(start ? [gap(start)] : []), ...part, ...(start + many < found.length ? [gap(found.length - start - many)] : []));
      if (!height && part.length) height = part[0].getBoundingClientRect().height;
      if (!height || start + many >= found.length || everything) return;
      body.lastChild.style.height = `${(found.length - start - many) * height}px`;
    }
    const again = () => { const words = plain(byId("search").value).split(/\s+/).filter(Boolean); found = rows.filter(row => words.every(word => row.found.includes(word))); from = -1; frame.scrollTop = 0; byId("count").textContent = `${found.length} of ${rows.length} submissions`; draw(); };
    frame.addEventListener("scroll", () => draw());
    byId("search").addEventListener("input", again);
    addEventListener("beforeprint", () => draw(true));
    addEventListener("afterprint", () => draw());
    again();
  }
})();
