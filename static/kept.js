/* What is typed on a sheet stays in this browser until the server has it.

   The fields lie in localStorage, written at every key; chosen files lie in IndexedDB. Both belong to one
   person: who logs out, or logs in as another, leaves nothing behind. A record is {id, at, edition, token,
   base, values, files, older}: `base` is what the server had sent, `values` what stands in the fields.
   Its id goes with every submit; when the server has taken the sheet, it names it in a cookie.
   A number that says who somebody is (data-keep="window") lies in the session of its window only; where it was
   shown masked ("never"), nowhere.
   Each window keeps its own; what a closed one has left is put back in the next that opens the sheet. */
"use strict";

(() => {
  const page = document.body.dataset;
  if (!("user" in page)) return;

  const SAVED = "jiedian_saved"; // accounts/middleware.py
  const OWNER = "jiedian-typing";
  const PREFIX = `${OWNER}|`;
  const DAYS = 3;
  const NEVER = "[type=hidden], [type=password], [type=submit], [type=button], [type=file], [autocomplete=one-time-code], [data-keep=never]";
  const WAIT = 3000; // ms for a file to be written before the sheet goes without

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const cookie = (name) => {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  };

  /* 1. The two stores; without them, or when they are full, the page works as before ------------- */

  const attempt = (work, otherwise) => {
    try {
      return work();
    } catch {
      return otherwise;
    }
  };
  const store = attempt(() => window.localStorage, null);
  if (!store) return;

  const session = attempt(() => window.sessionStorage, null);

  const ours = (place) => attempt(() => Object.keys(place).filter((key) => key.startsWith(PREFIX)), []);
  const keys = () => ours(store);
  const apart = new Set(); // the names of fields that lie in the session only
  const parsed = (place, key) => attempt(() => JSON.parse(place.getItem(key)), null);
  const read = (key) => {
    const record = parsed(store, key);
    const whole = parsed(session, key);
    return record && whole && whole.id === record.id && whole.at === record.at ? whole : record;
  };
  const write = (key, record) => {
    attempt(() => store.setItem(key, JSON.stringify(record, (name, value) => (apart.has(name) ? undefined : value))));
    if (apart.size) attempt(() => session.setItem(key, JSON.stringify(record)));
  };
  const remove = (key) => [store, session].forEach((place) => attempt(() => place.removeItem(key)));

  let opened = null;
  const database = () => {
    opened ||= idb.openDB(OWNER, 1, {
      upgrade: (db) => db.createObjectStore("files"),
      blocking: (_now, _then, event) => event.target.close(),
    });
    return opened;
  };
  const writing = new Set();
  const files = async (work) => {
    const done = (async () => {
      try {
        return await work(await database());
      } catch {
        return undefined;
      }
    })();
    writing.add(done);
    done.finally(() => writing.delete(done));
    return done;
  };
  // In one piece each: a page that is left meanwhile leaves no half behind, and who asks next waits for it.
  const drop = (key) => {
    remove(key);
    files((db) => db.delete("files", IDBKeyRange.bound(`${key}|`, `${key}|\uffff`)));
  };

  /* 2. Whose it is, and what the server has taken ------------------------------------------------- */

  function forget(owner) {
    keys().forEach(remove);
    files((db) => db.clear("files"));
    attempt(() => (owner ? store.setItem(OWNER, owner) : store.removeItem(OWNER)));
  }

  function clear() {
    const taken = cookie(SAVED).split(".").filter(Boolean);
    if (!taken.length) return;
    document.cookie = `${SAVED}=; path=/; max-age=0; samesite=lax`;
    for (const key of keys()) if (taken.includes((read(key) || {}).id)) drop(key);
  }

  // What another window has forgotten, or what was taken from it.
  ours(session).filter((key) => parsed(store, key) === null).forEach(remove);

  // A session that ended by itself leaves the cookie of the login: its person comes back to their typing.
  if (!page.user) {
    if (!cookie("jiedian_user") && attempt(() => store.getItem(OWNER), null)) forget("");
    return;
  }
  if (attempt(() => store.getItem(OWNER), null) !== page.user) forget(page.user);
  clear();
  for (const key of keys()) if (!(Date.now() - (read(key) || {}).at < DAYS * 86400e3)) drop(key);

  /* Which window this is. It holds a lock while it is open, so others see what a closed one has left. A window
     that is doubled takes a copy of the session along, with the mark of a page that is open: it is another. */
  const WINDOW = "jiedian-window";
  const id = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const marked = (name) => attempt(() => session.getItem(`${WINDOW}-${name}`), null);
  const mark = (name, value) => attempt(() => session.setItem(`${WINDOW}-${name}`, value));
  const own = (!marked("open") && marked("id")) || id();
  const lockOf = (number) => `${WINDOW}|${number}`;
  mark("id", own);
  mark("open", "1");
  addEventListener("pageshow", () => mark("open", "1"));
  addEventListener("pagehide", () => attempt(() => session.removeItem(`${WINDOW}-open`)));
  if (navigator.locks) navigator.locks.request(lockOf(own), () => new Promise(() => {}));
  const whileClosed = (number, work) =>
    navigator.locks ? navigator.locks.request(lockOf(number), { ifAvailable: true }, (lock) => lock && work()) : work();

  /* 3. The fields of a form, by name: a list of values each ---------------------------------------- */

  const controls = (form) =>
    [...form.elements].filter((field) => field.name && field.matches("input, select, textarea") && !field.matches(NEVER));
  const named = (form, name) => controls(form).filter((field) => field.name === name);
  const fileInputs = (form) => all("input[type=file]", form).filter((field) => field.name);
  const ticked = (field) => field.matches("[type=checkbox], [type=radio]");

  function chosen(select, sent) {
    const options = [...select.options];
    const found = options.filter((option) => (sent ? option.defaultSelected : option.selected));
    return (found.length || select.multiple || !sent ? found : options.slice(0, 1)).map((option) => option.value);
  }

  function values(form, { sent = false } = {}) {
    const found = {};
    for (const field of controls(form)) {
      const list = (found[field.name] ||= []);
      if (ticked(field)) {
        if (sent ? field.defaultChecked : field.checked) list.push(field.value);
      } else if (field.matches("select")) list.push(...chosen(field, sent));
      else list.push(sent ? field.defaultValue : field.value);
    }
    return found;
  }

  // A browser may write \r\n, and a field that is not on the page is as empty as one left empty.
  const plain = (list) => JSON.stringify((list || []).map((value) => value.replaceAll("\r\n", "\n")).filter((value) => value !== ""));
  const differing = (some, others) => Object.keys(some).filter((name) => plain(some[name]) !== plain(others[name]));

  /* Put values into the fields of this name; false while the page has no place for them. */
  function put(form, name, list) {
    const fields = named(form, name);
    const offered = (field) => (ticked(field) ? [field.value] : [...field.options].map((option) => option.value));
    const closed = fields.filter((field) => ticked(field) || field.matches("select"));
    if (!fields.length) return false;
    if (closed.length && !list.every((value) => closed.some((field) => offered(field).includes(value)))) return false;
    fields.forEach((field, place) => {
      if (ticked(field)) field.checked = list.includes(field.value);
      else if (field.matches("select")) for (const option of field.options) option.selected = list.includes(option.value);
      else field.value = list[place] ?? "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return true;
  }

  function makeRows(form, names) {
    for (const box of all("[data-formset]", form)) {
      const row = new RegExp(`^${box.dataset.formset}-(\\d+)-`);
      const total = box.querySelector("input[name$=-TOTAL_FORMS]");
      const most = Math.max(-1, ...names.map((name) => (row.exec(name) ? Number(row.exec(name)[1]) : -1)));
      const adder = box.querySelector("[data-add-row]");
      while (adder && Number(total.value) <= most) {
        const before = total.value;
        adder.click();
        if (total.value === before) break;
      }
    }
  }

  /* 4. A sheet of this page ------------------------------------------------------------------------- */

  const sheets = new Map();

  function begin(form, number) {
    const action = new URL(form.getAttribute("action") || location.href, location.href);
    const place = `${PREFIX}${page.user}|${action.pathname}|${form.dataset.sheet || ""}|${number}`;
    const key = `${place}|${own}`;
    const hidden = (name) => (form.querySelector(`input[type=hidden][name=${name}]`) || {}).value || "";
    const sheet = { form, key, edition: hidden("edition"), record: null, older: null, waiting: {}, notes: {}, busy: false };
    for (const field of all("[data-keep=window]", form)) apart.add(field.name);
    sheet.sent = values(form, { sent: true });
    sheets.set(form, sheet);
    const record = read(key);
    if (record) giveBack(sheet, record);
    else if (!("answered" in page)) inherit(sheet, place);
  }

  /* What windows closed since have left of this sheet: the last one's typing becomes this one's. */
  async function inherit(sheet, place) {
    const left = keys().filter((key) => key === place || key.startsWith(`${place}|`));
    left.sort((some, other) => (read(other) || {}).at - (read(some) || {}).at);
    for (const key of left) {
      if (key !== sheet.key && (await whileClosed(key.slice(place.length + 1), () => take(sheet, key)))) return;
    }
  }

  async function take(sheet, key) {
    await files(async (db) => {
      for (const held of await db.getAllKeys("files")) {
        if (!held.startsWith(`${key}|`)) continue;
        await db.put("files", await db.get("files", held), sheet.key + held.slice(key.length));
        await db.delete("files", held);
      }
    });
    const record = read(key);
    if (!record) return false;
    remove(key);
    if (sheet.record) {
      offer(sheet, record);
      keep(sheet);
    } else {
      write(sheet.key, record);
      giveBack(sheet, record);
    }
    return Boolean(sheet.record || sheet.older);
  }

  function keep(sheet, at = Date.now()) {
    if (sheet.busy) return;
    const { form, key, edition } = sheet;
    const record = sheet.record || { id: id(), base: sheet.sent, files: [] };
    const now = { ...sheet.waiting, ...values(form) };
    if (!differing(now, record.base).length && !record.files.length && !sheet.older) {
      sheet.record = null;
      drop(key);
      return;
    }
    const token = (form.querySelector("input[type=hidden][name=token]") || {}).value || "";
    sheet.record = { ...record, at, edition, token, values: now, older: sheet.older };
    write(key, sheet.record);
  }

  /* What lies here of an earlier visit: put back, or offered where the server has got another since.
     A page that answers a refused sheet shows what was typed; what it cannot show are the files. */
  function giveBack(sheet, record) {
    const answered = "answered" in page;
    const typed = differing(record.values, record.base).filter((name) => plain(record.values[name]) !== plain(sheet.sent[name]));
    if (!typed.length && !record.files.length && !answered) {
      if (!record.older) return drop(sheet.key);
      return offer(sheet, record.older);
    }
    const moment = (name) => named(sheet.form, name).some((field) => field.matches("[type=date], [type=time], [type=datetime-local]"));
    const changed = typed.filter((name) => name in sheet.sent && !moment(name) && plain(sheet.sent[name]) !== plain(record.base[name]));
    const isNewer = sheet.edition ? record.edition !== sheet.edition : changed.length > 0;
    if (isNewer && !answered) return offer(sheet, record);
    sheet.older = record.older || null;
    fill(sheet, answered ? record : { ...record, base: sheet.sent }, typed);
    if (typed.length || !answered) note(sheet, "back", record.at);
    if (sheet.older) offer(sheet, sheet.older);
  }

  function offer(sheet, record) {
    const typed = differing(record.values, record.base).filter((name) => plain(record.values[name]) !== plain(sheet.sent[name]));
    sheet.older = { ...record, older: null };
    note(sheet, "newer", record.at, () => {
      sheet.older = null;
      sheet.notes.newer.remove();
      fill(sheet, { ...record, base: sheet.sent, token: "" }, typed);
      note(sheet, "back", record.at);
    });
  }

  function fill(sheet, record, typed) {
    const { form } = sheet;
    const at = document.activeElement;
    sheet.busy = true;
    const held = new Set([...record.files, ...(sheet.record || { files: [] }).files]);
    makeRows(form, [...typed, ...held]);
    // The number of a new sheet: sent a second time, it is known again. An answer bears the one that holds.
    const token = form.querySelector("input[type=hidden][name=token]");
    if (token && record.token && !("answered" in page)) token.value = record.token;
    sheet.waiting = {};
    for (const name of typed) if (!put(form, name, record.values[name])) sheet.waiting[name] = record.values[name];
    sheet.busy = false;
    sheet.record = { ...record, files: [...held] };
    if (document.activeElement !== at) (at && at !== document.body ? at : document.activeElement).focus();
    keep(sheet, record.at);
    putFiles(sheet);
    if (typed.length) form.dispatchEvent(new Event("change", { bubbles: true })); // what hangs on it is asked for anew
  }

  /* Fields that the server's answer has only now brought onto the page. */
  function place(sheet) {
    for (const [name, list] of Object.entries(sheet.waiting)) {
      sheet.busy = true;
      const done = put(sheet.form, name, list);
      sheet.busy = false;
      if (!done) continue;
      delete sheet.waiting[name];
      keep(sheet);
      named(sheet.form, name)[0].dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  /* 5. Files ------------------------------------------------------------------------------------------ */

  const said = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const fresh = (part) => document.getElementById(`kept-${part}`).content.firstElementChild.cloneNode(true);

  function choose(sheet, field) {
    const { key } = sheet;
    const name = field.name;
    const list = [...field.files];
    unsay(field);
    sheet.record ||= { id: id(), base: sheet.sent, files: [] };
    sheet.record.files = sheet.record.files.filter((other) => other !== name);
    if (list.length) sheet.record.files.push(name);
    files((db) => (list.length ? db.put("files", list, `${key}|${name}`) : db.delete("files", `${key}|${name}`)));
    keep(sheet);
  }

  const unsay = (field) => all("[data-kept-file]", field.parentElement).forEach((line) => line.remove());

  async function putFiles(sheet) {
    for (const name of [...((sheet.record || {}).files || [])]) {
      const field = fileInputs(sheet.form).find((input) => input.name === name);
      if (!field || field.files.length) continue;
      if (field.getAttribute("aria-invalid") === "true") {
        choose(sheet, field); // it was not taken: another is to be chosen
        continue;
      }
      const list = await files((db) => db.get("files", `${sheet.key}|${name}`));
      if (!list || field.files.length) continue;
      const carrier = new DataTransfer();
      for (const file of list) carrier.items.add(file);
      field.files = carrier.files;
      const line = fresh("file");
      line.firstElementChild.textContent = said(line.dataset.text, { name: list.map((file) => file.name).join(", ") });
      line.querySelector("button").addEventListener("click", () => {
        field.value = "";
        field.dispatchEvent(new Event("change", { bubbles: true }));
        field.focus();
      });
      field.after(line);
    }
  }

  /* 6. What is said --------------------------------------------------------------------------------------- */

  function note(sheet, kind, at, putBack) {
    const two = (number) => String(number).padStart(2, "0");
    const day = new Date(at);
    const when = `${two(day.getMonth() + 1)}-${two(day.getDate())} ${two(day.getHours())}:${two(day.getMinutes())}`;
    const line = fresh("note");
    line.querySelector("[data-text]").textContent = said(line.dataset[kind], { at: when });
    const again = line.querySelector("[data-put-back]");
    again.hidden = !putBack;
    if (putBack) again.addEventListener("click", putBack);
    line.querySelector("[data-throw-away]").addEventListener("click", () => throwAway(sheet, kind));
    if (sheet.notes[kind]) sheet.notes[kind].remove();
    sheet.notes[kind] = line;
    if (sheet.form.matches(".sheet")) sheet.form.prepend(line);
    else sheet.form.before(line);
  }

  function throwAway(sheet, kind) {
    sheet.notes[kind].remove();
    if (kind === "newer") {
      sheet.older = null;
      return keep(sheet);
    }
    sheet.busy = true;
    drop(sheet.key);
    if (sheet.older) write(sheet.key, sheet.older);
    document.dispatchEvent(new Event("jiedian:thrown"));
    Promise.allSettled([...writing]).then(() => location.assign(location.pathname + location.search));
  }

  /* 7. When ------------------------------------------------------------------------------------------------- */

  const sheetOf = (event) => event.target instanceof Element && sheets.get(event.target.closest("form") || event.target.form);

  for (const type of ["input", "change"]) {
    document.addEventListener(type, (event) => {
      const sheet = sheetOf(event);
      if (!sheet) return;
      if (type === "change" && event.target.matches("[type=file]")) choose(sheet, event.target);
      else keep(sheet);
    });
  }

  // The last file is still on its way to the disk: the sheet goes when it lies there.
  document.addEventListener(
    "submit",
    (event) => {
      const sheet = sheets.get(event.target);
      if (!sheet || !writing.size || sheet.hurried) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      const late = new Promise((resolve) => setTimeout(resolve, WAIT));
      Promise.race([Promise.allSettled([...writing]), late]).then(() => {
        sheet.hurried = true;
        sheet.form.requestSubmit(submitter);
        sheet.hurried = false;
      });
    },
    true,
  );

  document.addEventListener("formdata", (event) => {
    const sheet = sheets.get(event.target);
    if (sheet && sheet.record) event.formData.set("kept", sheet.record.id);
  });

  // After htmx, which then listens for what is given back.
  document.addEventListener("DOMContentLoaded", () => {
    all("form[data-sheet], form[data-kept]").forEach((form, number) => {
      if (!form.querySelector("input[type=hidden][name=kept]") && (controls(form).length || fileInputs(form).length)) begin(form, number);
    });
  });
  document.addEventListener("htmx:afterSettle", () => {
    clear();
    sheets.forEach(place);
  });
})();
