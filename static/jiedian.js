/* Jiedian 接电: what makes the counter quick. Every page works without it.

   Keys stand on the elements they act on: data-key="n" is pressed (or, in a field, focused) when n is
   struck. Inside a list, the keys of the row at hand come before those of the page. */
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shown = (element) => element.getClientRects().length > 0;

  const typing = (element) =>
    element.isContentEditable ||
    element.matches("textarea, select") ||
    (element.matches("input") && !element.matches("[type=checkbox], [type=radio], [type=button], [type=submit]"));

  /* 1. Rows of a list ------------------------------------------------------------------------ */

  const rows = () => all(".queue tbody tr[data-href]").filter(shown);
  const current = () => one(".queue tr.at") || one(".queue tr.on[data-href]");

  function move(step) {
    const list = rows();
    if (!list.length) return;
    const from = list.indexOf(current());
    const next = from < 0 ? (step > 0 ? 0 : list.length - 1) : from + step;
    const row = list[Math.max(0, Math.min(list.length - 1, next))];
    all(".queue tr.at").forEach((other) => other.classList.remove("at"));
    row.classList.add("at");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function look(row) {
    const link = one("a[data-peek]", row);
    const address = row.dataset.peek || (link && link.href);
    if (address) location.assign(address);
  }

  function select(row) {
    const box = one("input[type=checkbox]", row);
    if (box) box.click();
  }

  /* 2. Keys ---------------------------------------------------------------------------------- */

  function press(element) {
    if (typing(element)) {
      element.focus();
      if (element.select) element.select();
    } else if (element.getAttribute("aria-disabled") !== "true") {
      element.click();
    }
  }

  function holder(key) {
    const escaped = CSS.escape(key);
    const of = (within) => within && all(`[data-key="${escaped}"]`, within).find(shown);
    const row = current();
    const inside = row && row.nextElementSibling && row.nextElementSibling.matches(".more") ? row.nextElementSibling : null;
    const elsewhere = () => all(`[data-key="${escaped}"]`).find((element) => shown(element) && !element.closest(".queue tbody"));
    return of(row) || of(inside) || elsewhere();
  }

  function name(event) {
    const key = event.key === " " ? "space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    return event.ctrlKey || event.metaKey ? `ctrl+${key.toLowerCase()}` : key;
  }

  function handIn(from) {
    const form = from.closest("form[data-sheet]") || from.closest("form[method=post]") || one("form[data-sheet]");
    if (!form) return false;
    const button = one("[data-submit]", form) || one("button[type=submit].btn-primary, button[type=submit]", form);
    if (!button || button.disabled) return false;
    form.requestSubmit(button);
    return true;
  }

  function escape(target) {
    const menu = one("details.drop[open]");
    if (menu) {
      menu.open = false;
      one("summary", menu).focus();
    } else if (typing(target)) {
      target.blur();
    } else {
      const wayOut = holder("Escape");
      if (!wayOut) return false;
      press(wayOut);
    }
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const key = name(event);
    const target = event.target instanceof Element ? event.target : document.body;
    if (one("dialog[open]")) return;
    let taken = false;
    if (key === "Escape") taken = escape(target);
    else if (key === "ctrl+enter") taken = handIn(target);
    else if (key === "Enter" && typing(target)) taken = enterIn(target);
    else if (key.startsWith("ctrl+")) {
      const element = holder(key);
      if (element) press(element);
      taken = Boolean(element);
    } else if (!typing(target)) taken = plain(key, target);
    if (taken) event.preventDefault();
  });

  function plain(key, target) {
    const row = current();
    const onControl = target.closest("a, button, summary, input, label, select");
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (row && key === "x") select(row);
    else if (row && key === "space" && !onControl) look(row);
    else if (row && key === "Enter" && !onControl) location.assign(row.dataset.href);
    else {
      const element = key !== "Enter" && key !== "space" && holder(key);
      if (!element) return false;
      press(element);
    }
    return true;
  }

  /* 3. The help for the keys, read from the page itself --------------------------------------- */

  function help(dialog) {
    for (const entry of all("[data-when]", dialog)) entry.hidden = !all(entry.dataset.when).some(shown);
    const list = one("[data-page-keys]", dialog);
    list.replaceChildren();
    const seen = new Set();
    for (const element of all("[data-key]")) {
      const key = element.dataset.key;
      if (seen.has(key) || (!shown(element) && !element.closest(".queue"))) continue;
      seen.add(key);
      const copy = element.cloneNode(true);
      all("kbd, svg", copy).forEach((part) => part.remove());
      const term = document.createElement("dt");
      for (const part of key.split("+")) {
        const cap = document.createElement("kbd");
        cap.textContent = { ctrl: "Ctrl", Escape: "Esc" }[part] || part;
        term.append(cap);
      }
      const text = document.createElement("dd");
      text.textContent = element.dataset.keyLabel || element.getAttribute("aria-label") || copy.textContent.trim();
      list.append(term, text);
    }
    dialog.showModal();
  }

  /* 4. Tables one can add rows to -------------------------------------------------------------- */

  function add(box) {
    const total = one("input[name$=-TOTAL_FORMS]", box);
    const limit = one("input[name$=-MAX_NUM_FORMS]", box);
    const number = Number(total.value);
    if (limit && limit.value && number >= Number(limit.value)) return null;
    const fresh = one("template[data-row]", box).content.cloneNode(true);
    for (const element of all("*", fresh)) {
      for (const attribute of [...element.attributes]) {
        if (attribute.value.includes("__prefix__")) {
          attribute.value = attribute.value.replaceAll("__prefix__", number);
        }
      }
    }
    const row = one("tr", fresh);
    one("[data-rows]", box).append(fresh);
    total.value = number + 1;
    const first = one("input:not([type=hidden]), select, textarea", row);
    if (first) first.focus();
    return row;
  }

  // Enter goes on to the next field: a card reader sends it behind every number. A form is handed in by
  // its button or Ctrl+Enter; only a search, the login and a form of one field go on Enter alone.
  function enterIn(target) {
    if (target.matches("textarea, [type=search], [type=file]")) return false;
    return enterInTable(target) || (target.matches("input") && next(target));
  }

  const FIELD = "input:not([type=hidden], [type=submit], [type=button]), select, textarea";

  function next(target) {
    const form = target.form;
    if (!form || form.method !== "post" || one("[type=password]", form)) return false;
    const fields = all(FIELD, form).filter((field) => shown(field) && !field.disabled);
    const after = fields[fields.indexOf(target) + 1] || one("[data-submit], button.btn-primary[type=submit]", form);
    if (fields.length < 2 || !after) return false;
    after.focus();
    return true;
  }

  function enterInTable(target) {
    const box = target.closest("[data-formset]");
    if (!box) return false;
    const row = target.closest("tr");
    const lower = row.nextElementSibling;
    if (!lower) return Boolean(add(box));
    const below = lower.cells[target.closest("td").cellIndex];
    const control = below && one("input:not([type=hidden]), select", below);
    if (control) control.focus();
    return Boolean(control);
  }

  const number = (text) => Number(String(text).replaceAll(",", "").trim());
  const rounded = (value) => String(Math.round(value * 1000) / 1000);

  function reckon(box) {
    let sum = 0;
    let any = false;
    for (const row of all("[data-rows] > tr", box)) {
      const out = one("[data-product]", row);
      if (!out) continue;
      const factors = all("[data-factor]", row);
      const gone = one(".del input:checked", row);
      const filled = factors.length && factors.every((input) => input.value.trim() && Number.isFinite(number(input.value)));
      const product = filled && !gone ? factors.reduce((product, input) => product * number(input.value), 1) : null;
      out.textContent = product === null ? "" : rounded(product);
      if (product !== null) any = true;
      sum += product || 0;
    }
    const total = one("[data-total]", box);
    if (total) total.textContent = any ? rounded(sum) : "–";
  }

  /* 5. Sheets: nothing typed is lost by a slip --------------------------------------------------- */

  let dirty = false;

  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-sheet]")) dirty = true;
    const box = event.target.closest("[data-formset]");
    if (box) reckon(box);
  });

  for (const done of ["submit", "jiedian:thrown"]) {
    document.addEventListener(done, () => {
      dirty = false;
    });
  }

  window.addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });

  /* 6. The rest -------------------------------------------------------------------------------- */

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form && event.target.matches("select, [type=radio], [type=checkbox], [type=date]")) form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    for (const menu of all("details.drop[open]")) if (!menu.contains(target)) menu.open = false;
    const locked = target.closest("[aria-disabled=true]");
    if (locked) return event.preventDefault();
    // On the way to a page below the sheet, what was typed is saved as a draft.
    const below = dirty && target.closest("form[data-sheet] a[href]");
    if (below && below.pathname !== location.pathname && below.pathname.startsWith(location.pathname)) {
      event.preventDefault();
      const save = Object.assign(document.createElement("input"), { type: "hidden", name: "save", value: below.pathname });
      below.closest("form").append(save);
      dirty = false;
      return below.closest("form").submit();
    }
    const asked = target.closest("[data-confirm]");
    if (asked && !window.confirm(asked.dataset.confirm)) return event.preventDefault();
    const opener = target.closest("[data-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.open);
      if (dialog && dialog.id === "keys") help(dialog);
      else if (dialog) dialog.showModal();
    }
    if (target.closest("[data-print]")) window.print();
    const adder = target.closest("[data-add-row]");
    if (adder) add(adder.closest("[data-formset]"));
    const ticker = target.closest("input[data-select-all]");
    if (ticker) {
      for (const box of all("tbody td:first-child input[type=checkbox]", ticker.closest("table"))) box.checked = ticker.checked;
    }
  });

  // An answer still under way knows nothing of this change: it must not put the old state back.
  document.addEventListener("change", (event) => {
    const live = event.target.closest("[hx-sync]");
    if (live && window.htmx) window.htmx.trigger(live, "htmx:abort");
  }, true);

  // Nor may it replace what a finger, a key or an input method is just about: it is asked for anew.
  const busy = new Set();
  let held = null;
  const ends = { pointerup: "pointerdown", pointercancel: "pointerdown", keyup: "keydown", compositionend: "compositionstart" };

  function begin(event) {
    const opensList = event.type === "pointerdown" && event.target.closest("select");
    if (!opensList && (event.type !== "keydown" || event.key === " ")) busy.add(event.type);
  }

  function end(event) {
    busy.delete(ends[event.type]);
    if (busy.size || !held) return;
    const live = held;
    held = null;
    setTimeout(() => window.htmx.trigger(live, "change"));
  }

  for (const [last, first] of Object.entries(ends)) {
    document.addEventListener(first, begin, true);
    document.addEventListener(last, end, true);
  }
  window.addEventListener("blur", () => busy.clear());

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!busy.size) return;
    event.detail.shouldSwap = false;
    held = event.detail.requestConfig.elt;
  });

  // A box that scrolls to the side is reached by the keyboard where nothing inside it is.
  function reach() {
    for (const box of all(".scroll, .panel, .typed")) {
      if (box.hasAttribute("tabindex") && !("reached" in box.dataset)) continue;
      const over = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
      const stops = all("a[href], button, input, select, textarea, summary, [tabindex]", box);
      const alone = over && getComputedStyle(box).overflowX === "auto" && !stops.some(shown);
      box.toggleAttribute("data-reached", alone);
      if (alone) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  window.addEventListener("resize", reach);
  document.addEventListener("htmx:afterSettle", reach);

  function ready() {
    dirty = Boolean(one("form[data-unsaved]"));
    all("[data-formset]").forEach(reckon);
    const wrong = one("#errors");
    if (wrong) wrong.focus();
    reach();
  }

  ready();
  document.addEventListener("htmx:load", (event) => all("[data-formset]", event.target).forEach(reckon));
})();
