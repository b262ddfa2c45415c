/* Today: what of each visit lies on this tablet, and all of it kept for the way. */
"use strict";

((F) => {
  if (!F.isMine()) return;
  const { one, all, say } = F;
  const send = one("[data-send]");

  const held = (record) => (record.receipt ? { held: record.receipt.held, of: record.receipt.of } : null);

  /* The state of a record in words, and the kind of its chip. */
  async function told(record) {
    const count = record.receipt ? record.receipt.of : (await F.files(record.uuid)).length;
    const has = held(record) || { held: 0, of: count };
    if (record.state === "draft") return ["run", say("draft")];
    if (record.state === "waiting") return ["soon", has.of ? say("to_send_files", has) : say("to_send")];
    if (record.state === "refused") return ["late1", record.error];
    if (record.state === "returned") return ["late1", say("returned")];
    const why = record.state === "kept" ? Object.values(record.receipt.errors).flat() : [];
    return [record.state === "applied" ? "done" : "soon", [record.receipt.label, ...why].join(" · ")];
  }

  function chip([kind, text]) {
    const found = document.createElement("span");
    found.className = `chip ${kind} wraps`;
    found.textContent = text;
    return found;
  }

  /* Where a record is gone on with; a visit that is not in the list any more opens as it was kept. */
  function way(record) {
    const listed = one(`[data-step="${record.step}"]`);
    return F.visitUrl(record.step) + (listed ? "" : "?kept=1");
  }

  /* One record with its state and what can be done with it. */
  async function line(record) {
    const found = document.createElement("li");
    found.className = "row-f wrap";
    const name = document.createElement("span");
    name.textContent = `${record.who} · ${record.title}`;
    found.append(name, chip(await told(record)));
    const link = document.createElement("a");
    link.className = "btn btn-plain h48 end";
    if (F.unclosed(record)) {
      link.href = way(record);
      link.textContent = say(record.state === "draft" ? "go_on" : "correct");
      found.append(link);
    } else if (record.receipt && record.receipt.url) {
      link.href = record.receipt.url;
      link.textContent = say("open");
      found.append(link);
    }
    if (record.state === "refused") {
      const again = async () => {
        await F.put({ ...record, state: "waiting", error: "" });
        F.changed();
        F.send();
      };
      found.append(F.button(say("again"), again));
    }
    return found;
  }

  async function show() {
    const records = await F.records();
    const waiting = records.filter(F.unsent);
    const note = one("#waiting");
    note.hidden = !waiting.length;
    let gone = 0;
    let files = 0;
    for (const record of waiting) {
      const count = (await F.files(record.uuid)).length;
      files += record.receipt ? record.receipt.of : count;
      gone += record.receipt ? record.receipt.held : 0;
    }
    one("b", note).textContent = say("note", { n: waiting.length, held: gone, of: files });
    const seen = await F.fact("online");
    one(".sub", note).textContent = say("note_sub", { at: seen ? F.hour(new Date(seen)) : "–" });
    send.disabled = !waiting.length;
    const open = records.some(F.unclosed);
    one("span", send).textContent = waiting.length ? say("send", { n: waiting.length }) : say(open ? "not_closed" : "all_sent");
    for (const visit of all("[data-step]")) {
      const own = records.filter((record) => record.step === Number(visit.dataset.step));
      const mine = own.filter((record) => record.sheet !== "attempt");
      const last = mine[mine.length - 1];
      const chips = last ? [chip(await told(last))] : [];
      if (own.length > mine.length) chips.push(chip(["wait", own.find((record) => record.sheet === "attempt").title]));
      one("[data-local]", visit).replaceChildren(...chips);
      if (last) one("[data-open]", visit).textContent = say(F.unclosed(last) ? "go_on" : "look");
      visit.classList.toggle("gone", Boolean(last && (F.closed(last) || last.state === "waiting")));
    }
    const lines = [];
    for (const record of records.reverse()) lines.push(await line(record));
    one("[data-list]").replaceChildren(...lines);
    if (navigator.storage && navigator.storage.estimate) {
      const { usage, quota } = await navigator.storage.estimate();
      one("[data-space]").textContent = say("space", { used: Math.ceil(usage / 1e6), all: Math.floor(quota / 1e6) });
    }
  }

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
  const paths = (page, selector, attribute) => all(selector, page).map((element) => element.getAttribute(attribute));

  /* The list as the server has it now, where the page on the glass is an older one. */
  function renew(page) {
    const place = one("#waiting");
    const visits = ".visits > li:not(#waiting, #device)";
    all(visits).forEach((visit) => visit.remove());
    place.after(...all(visits, page));
    const fresh = one("[data-visits]", page);
    if (fresh) one("[data-visits]").textContent = fresh.textContent;
  }

  /* A page of a visit with its small pictures; the files it names. */
  async function keepVisit(url) {
    const cache = await caches.open(F.cache);
    const kept = await cache.match(url);
    const text = (await F.keepPage(url)) || (kept && (await kept.text()));
    if (!text) return null;
    const page = parsed(text);
    const pictures = paths(page, "img[data-keep]", "src");
    for (const address of pictures) {
      if (!(await cache.match(address))) await F.addWhole(cache, address).catch(() => null);
    }
    return [...pictures, ...paths(page, "script[src]", "src"), ...paths(page, "link[rel=stylesheet]", "href")];
  }

  /* What no page needs any more goes: pictures, visits of others, files of an earlier release; those
     stay while pages of somebody else on this tablet may name them. */
  async function tidy(needed) {
    const people = (await caches.keys()).filter((name) => name.startsWith("jiedian-field-"));
    for (const name of people.length > 1 ? [F.cache] : [F.cache, F.shell]) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        if (!needed.has(new URL(request.url).pathname)) await cache.delete(request);
      }
    }
  }

  /* Everything a visit needs, kept for the way: its page, its small pictures, the files of all pages. */
  async function keep() {
    if (!navigator.onLine || !window.caches) return;
    const here = await F.keepPage(F.today);
    if (!here) return;
    await F.keepPage(`${F.today}?by=place`);
    const page = parsed(here);
    const { pages, shell } = JSON.parse(one("#fetch", page).textContent);
    if (JSON.stringify(pages) !== JSON.stringify(JSON.parse(one("#fetch").textContent).pages) && !location.search) renew(page);
    await F.learn("online", new Date().toISOString());
    const files = await caches.open(F.shell);
    await Promise.all(shell.map(async (url) => (await files.match(url)) || F.addWhole(files, url).catch(() => null)));
    const begun = (await F.records()).map((record) => F.visitUrl(record.step)).filter((url) => !pages.includes(url));
    const needed = new Set([F.today, ...shell]);
    let kept = 0;
    let whole = true;
    for (const url of [...pages, ...new Set(begun)]) {
      const named = await keepVisit(url);
      if (named) [url, ...named].forEach((path) => needed.add(path));
      if (named && pages.includes(url)) kept += 1;
      whole = whole && (named || !pages.includes(url));
    }
    if (whole) await tidy(needed);
    one("[data-kept]").textContent = say("kept", { n: kept });
    document.body.dataset.kept = String(kept);
    show();
  }

  send.addEventListener("click", () => F.send());

  one("[data-forget]").addEventListener("click", async () => {
    const left = (await F.records()).filter((record) => !F.closed(record)).length;
    if (!window.confirm(say(left ? "forget_left" : "forget", { n: left }))) return;
    await F.forget();
    // Whoever has the tablet next is asked who they are.
    const out = one("#out");
    if (navigator.onLine && F.reach !== "offline") return out.submit();
    one("#main").replaceChildren(out);
    out.hidden = false;
    all(".fsteps, .save, .fbar .off").forEach((element) => element.remove());
    return F.note("forgotten", say("forgotten"), "info");
  });

  F.onChange(show);
  F.ready.then(show).then(keep);
})(window.Field);
