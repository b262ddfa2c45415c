/* One visit: its sheets, one section at a time; closed, a sheet becomes a record to send. */
"use strict";

((F) => {
  if (!F.isMine()) return;
  const { one, all, say } = F;
  const root = document.documentElement;
  const tabs = one("#tabs");
  const next = one("#next");
  const draftButton = one("#draft");
  const saved = one("#saved");
  const forms = all("form.fform");
  const step = Number(forms[0].dataset.step);
  let sheet = forms[0];
  let place = 0;

  /* Sections --------------------------------------------------------------------------------- */

  const isAttempt = (form) => form.dataset.sheet === "attempt";
  const parts = () => [...(isAttempt(sheet) ? [] : [one("main > .fsec")]), ...all(".fsec", sheet)];

  const isDone = (part) =>
    part.closest("form") && all("input, select, textarea", part).some((c) => c.dataset.touched !== undefined) && !one(".bad", part);

  /* The sheets of this visit that are not closed yet, in their order. */
  const open = () => forms.filter((form) => !isAttempt(form) && !form.dataset.closed);

  function tab(label, act, css) {
    const found = document.createElement("button");
    found.type = "button";
    found.textContent = label;
    if (css) found.className = css;
    if (css === "on") found.setAttribute("aria-current", "step");
    found.addEventListener("click", act);
    return found;
  }

  function show(index, focus = true) {
    const list = parts();
    place = Math.max(0, Math.min(index, list.length - 1));
    all(".fsec").forEach((part) => (part.hidden = part !== list[place]));
    forms.forEach((form) => (form.hidden = form !== sheet));
    const others = open().filter((form) => form !== sheet && (open().length > 1 || isAttempt(sheet)));
    tabs.replaceChildren(
      ...list.map((part, number) => tab(part.dataset.title, () => show(number), number === place ? "on" : one(".f.bad", part) ? "wrong" : isDone(part) ? "ok" : "")),
      ...others.map((form) => tab(`${form.dataset.title} ›`, () => change(form), "sheet-tab")),
    );
    const on = one(".on", tabs);
    // Along the row only: `scrollIntoView` would move the page under the finger as well.
    if (on) tabs.scrollLeft = on.offsetLeft - (tabs.clientWidth - on.offsetWidth) / 2;
    const last = place === list.length - 1;
    next.textContent = last ? sheet.dataset.signLabel : say("next", { section: list[place + 1].dataset.title });
    draftButton.hidden = !last || isAttempt(sheet) || Boolean(sheet.dataset.closed);
    next.disabled = last && Boolean(sheet.dataset.closed);
    if (!focus) return;
    scrollTo(0, 0);
    const head = one("h2", list[place]);
    head.tabIndex = -1;
    head.focus({ preventScroll: true });
  }

  function change(form) {
    sheet = form;
    show(isAttempt(form) || form === forms[0] ? 0 : 1);
  }

  F.kept = (record) => {
    const count = parts().length - (isAttempt(sheet) ? 0 : 1);
    saved.textContent = say("saved", { at: F.hour(F.now()), n: parts().filter(isDone).length, of: count });
    saved.dataset.saved = record.touched;
  };

  /* Closed ----------------------------------------------------------------------------------- */

  /* What keeps a sheet from being closed is marked and turned to; true where nothing does. */
  async function isRight(form, signing) {
    const bad = F.check(form, signing);
    const where = parts().filter((part) => one(".f.bad", part)).map((part) => part.dataset.title);
    F.note("check", bad.length ? `${say("wrong", { n: bad.length })} ${where.join(" · ")}` : "", "late");
    if (bad.length) {
      show(parts().indexOf(bad[0].closest(".fsec")), false);
      bad[0].focus();
      bad[0].scrollIntoView({ block: "center" });
      return false;
    }
    const there = new Set((await F.files(F.draft(form).uuid)).map((file) => file.name));
    const lost = all("input[type=file]", form).some((control) => control.dataset.file && !there.has(control.name));
    if (lost) F.note("check", say("lost"), "late");
    return !lost;
  }

  /* Close the sheet; true where the page is left with it. */
  async function close(signing) {
    const form = sheet;
    await F.pictures(form);
    if (!(await isRight(form, signing))) return false;
    await F.closeDraft(form, signing);
    F.changed();
    F.send();
    const left = open();
    if (!isAttempt(form) && left.length) change(left[0]);
    else location.assign(F.today);
    return isAttempt(form) || !left.length;
  }

  /* One closing at a time: a second press finds nothing to press. */
  async function pressed(signing) {
    next.disabled = draftButton.disabled = true;
    try {
      if (await close(signing)) return;
    } catch (error) {
      F.note("check", error.told || say("broken", { why: error.message }), "late");
    }
    next.disabled = draftButton.disabled = false;
  }

  /* Opened ----------------------------------------------------------------------------------- */

  /* This visit is written in one tab only; a second one says so and shows no sheet. */
  function alone() {
    if (!navigator.locks) return Promise.resolve(true);
    return new Promise((found) => {
      const held = () => {
        found(true);
        return new Promise(() => {});
      };
      navigator.locks
        .request(`${F.database}-visit-${step}`, { signal: AbortSignal.timeout(3000) }, held)
        .catch(() => found(false));
    });
  }

  function equip(form) {
    F.equip(form);
    F.placing(form);
    F.tools(form);
    F.startRows(form);
  }

  async function fill(form, own) {
    const waits = own.find(F.unsent);
    let record = own.find((each) => each.state === "draft");
    const back = own.find((each) => ["returned", "refused"].includes(each.state));
    if (!record && back) record = await F.correct(back);
    if (record) await F.restore(form, record);
    else if (waits && !isAttempt(form)) {
      await F.restore(form, waits); // to be read, not to be written on
      form.dataset.closed = "1";
      form.inert = true;
    }
    const now = F.now();
    for (const control of all("[data-now]", form)) {
      if (!control.value) control.value = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    }
  }

  function listen(form) {
    form.addEventListener("input", (event) => {
      event.target.dataset.touched = "";
      F.soon(form, 150);
      // While it is typed: on leaving the field, what is pressed next would move away under the finger.
      if (F.mended(event.target)) show(place, false);
    });
    form.addEventListener("change", () => F.soon(form, 0));
    form.addEventListener("submit", (event) => event.preventDefault());
    all("[data-add]", form).forEach((add) =>
      add.addEventListener("click", () => {
        F.addRow(add.closest("[data-formset]"));
        F.soon(form, 0);
      }),
    );
  }

  async function start() {
    await F.ready;
    if (!(await alone())) {
      one("#main").replaceChildren();
      all(".fsteps, .save").forEach((element) => element.remove());
      F.note("alone", say("alone"), "late", { href: F.today, label: say("back") });
      root.dataset.ready = "0";
      return;
    }
    if (new URLSearchParams(location.search).has("kept")) F.note("old", say("old"), "soon");
    forms.forEach(equip);
    const mine = (await F.records()).filter((record) => record.step === step && record.user === F.user);
    for (const form of forms) {
      await fill(form, mine.filter((record) => record.sheet === form.dataset.sheet));
      listen(form);
    }
    next.addEventListener("click", () => (place === parts().length - 1 ? pressed(true) : show(place + 1)));
    draftButton.addEventListener("click", () => pressed(false));
    one("[data-attempt]").addEventListener("click", () => change(forms[forms.length - 1]));
    one(".save").hidden = false; // not before: the button has its name from the section shown
    const left = open();
    if (left.length) change(left[0]);
    else {
      F.note("closed", say("closed"), "info");
      show(0);
    }
    F.locate().catch(() => null);
    root.dataset.ready = "1";
  }

  start().catch((error) => F.note("start", say("broken", { why: String(error) }), "late"));
})(window.Field);
