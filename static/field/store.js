/* What the tablet keeps: the records of one person, with their files, until the server has the whole.

   A record is {uuid, user, step, sheet, title, who, state, fields, edition, signing, happened, receipt}.
   It begins as "draft", is "waiting" once closed, and then takes the state the server answers.
   A file is {uuid, name, filename, sha256, size, taken, blob}: of one record, in one field of its form. */
"use strict";

window.Field = window.Field || {};

((F) => {
  const body = document.body;
  F.user = Number(body.dataset.user);
  F.words = JSON.parse(document.getElementById("words").textContent);
  F.database = `jiedian-field-${F.user}`;
  F.cache = `jiedian-field-${F.user}`; // pages and pictures, of one person
  F.shell = "jiedian-shell"; // the files of all pages, of nobody
  F.today = body.dataset.today;
  F.one = (selector, within = document) => within.querySelector(selector);
  F.all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* Words of the page's language; {name} is filled in. */
  F.say = (key, values = {}) => {
    const text = (values.n === 1 && F.words[`${key}_one`]) || F.words[key] || key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  };
  const language = document.documentElement.lang;
  F.hour = (date) => date.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false });
  F.moment = (date) => `${date.toLocaleDateString(language)} ${F.hour(date)}`;

  F.cookie = (name) => {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  };

  /* Whether the person of this page is the one who is signed in on this tablet. */
  F.isMine = () => F.cookie("jiedian_user") === String(F.user);

  const open = idb.openDB(F.database, 1, {
    upgrade(db) {
      db.createObjectStore("records", { keyPath: "uuid" });
      db.createObjectStore("files", { keyPath: ["uuid", "name"] }).createIndex("uuid", "uuid");
      db.createObjectStore("facts");
    },
    // Another tab forgets this device: it must not wait for us.
    blocking(_now, _then, event) {
      event.target.close();
      location.reload();
    },
  });

  const CLOSED = ["applied", "kept", "settled", "conflict", "replaced"];
  const BOUND = 600 * 1024 * 1024; // bytes of photos not sent yet
  F.closed = (record) => CLOSED.includes(record.state);
  F.unclosed = (record) => ["draft", "returned", "refused"].includes(record.state);
  F.unsent = (record) => record.state === "waiting" || record.state === "refused";

  F.records = async () => {
    const all = await (await open).getAll("records");
    return all.sort((a, b) => (a.touched < b.touched ? -1 : 1));
  };
  F.files = async (uuid) => (await open).getAllFromIndex("files", "uuid", uuid);
  F.fact = async (key) => (await open).get("facts", key);
  F.learn = async (key, value) => (await open).put("facts", value, key);

  /* The corrected time: by the server's clock, as far as it is known. */
  F.now = () => new Date(Date.now() - (F.skew || 0));
  F.clock = async (serverTime) => {
    F.skew = Date.now() - Date.parse(serverTime);
    await F.learn("skew", F.skew);
  };

  /* One transaction: all of it is kept, or nothing, and the error has it in words (`told`). */
  async function change(stores, work) {
    try {
      const all = (await open).transaction(stores, "readwrite", { durability: "strict" });
      const done = all.done.catch((error) => error);
      await work(all);
      const failed = await done;
      if (failed) throw failed;
    } catch (error) {
      const full = error.name === "QuotaExceededError" || /quota|disk/i.test(error.message || "");
      error.told = F.say(full ? "full" : "broken", { why: error.message || String(error) });
      throw error;
    }
  }

  /* The same, said on the page until the like of it succeeds. */
  async function writing(stores, work) {
    const key = `kept-${stores.join("-")}`;
    try {
      await change(stores, work);
    } catch (error) {
      F.note(key, error.told, "late");
      throw error;
    }
    F.note(key, "");
  }

  F.put = (record) => writing(["records"], (change) => change.objectStore("records").put(record));

  /* What the server said of a record; a record gone from here meanwhile stays gone. */
  F.update = (record) =>
    writing(["records"], async (change) => {
      const store = change.objectStore("records");
      if (await store.getKey(record.uuid)) await store.put(record);
    });

  /* A draft is written only over itself: what was closed meanwhile stays as it was closed. */
  F.putDraft = (record) =>
    writing(["records"], async (change) => {
      const store = change.objectStore("records");
      const there = await store.get(record.uuid);
      if (there && there.state !== "draft") throw new Error(F.say("closed_here"));
      await store.put(record);
    });

  F.putFile = async (file) => {
    const waiting = await (await open).getAll("files");
    const bytes = waiting.reduce((sum, each) => sum + each.size, 0);
    if (bytes + file.size > BOUND) throw Object.assign(new Error("bound"), { told: F.say("bound") });
    await change(["files"], (all) => all.objectStore("files").put(file)); // who took it says it
  };

  F.dropFile = (uuid, name) => writing(["files"], (change) => change.objectStore("files").delete([uuid, name]));

  const dropFiles = async (change, uuid) => {
    const files = change.objectStore("files");
    await Promise.all((await files.index("uuid").getAllKeys(uuid)).map((key) => files.delete(key)));
  };

  F.drop = (uuid) =>
    writing(["records", "files"], async (change) => {
      await change.objectStore("records").delete(uuid);
      await dropFiles(change, uuid);
    });

  /* The server has the whole of it: its files go, what was written stays three days to look at. */
  F.release = (record) =>
    writing(["records", "files"], async (change) => {
      const records = change.objectStore("records");
      if (await records.getKey(record.uuid)) await records.put(record);
      await dropFiles(change, record.uuid);
    });

  /* What came back or was refused, to be written again: a new record with the same pictures. */
  F.correct = async (record) => {
    const replaces = record.state === "returned" ? record.uuid : record.replaces;
    const errors = record.state === "returned" ? record.receipt.errors : { "": [record.error] };
    const copy = { ...record, uuid: F.uuid(), replaces, errors, state: "draft", error: "", envelope: null, receipt: null };
    await writing(["records", "files"], async (change) => {
      const files = change.objectStore("files");
      for (const file of await files.index("uuid").getAll(record.uuid)) await files.put({ ...file, uuid: copy.uuid });
      await dropFiles(change, record.uuid);
      await change.objectStore("records").delete(record.uuid);
      await change.objectStore("records").put(copy);
    });
    return copy;
  };

  /* A record of a rescue file; one that lies here already is left as it is. */
  F.takeIn = (record, kept) =>
    writing(["records", "files"], async (change) => {
      const records = change.objectStore("records");
      if (await records.getKey(record.uuid)) return;
      await records.put(record);
      for (const file of kept) await change.objectStore("files").put(file);
    });

  F.tidy = async () => {
    const before = new Date(Date.now() - 3 * 86400e3).toISOString();
    for (const record of await F.records()) {
      if (F.closed(record) && record.touched < before) await F.drop(record.uuid);
    }
  };

  F.hash = async (blob) => {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  F.uuid = () =>
    crypto.randomUUID
      ? crypto.randomUUID()
      : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
          (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
        );

  /* Everything of this person on this device, records and pages. */
  F.forget = async () => {
    (await open).close();
    await idb.deleteDB(F.database);
    if (window.caches) await caches.delete(F.cache);
  };

  F.button = (label, act, icon) => {
    const found = document.createElement("button");
    found.type = "button";
    found.className = "btn btn-plain h48";
    if (icon) {
      const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      drawing.setAttribute("class", "i");
      drawing.setAttribute("aria-hidden", "true");
      use.setAttribute("href", `${body.dataset.icons}#i-${icon}`);
      drawing.append(use);
      found.append(drawing);
    }
    found.append(label);
    found.addEventListener("click", act);
    return found;
  };

  /* A line under the head of the page; the same key says only one thing at a time. */
  F.note = (key, text, kind = "soon", action) => {
    const place = document.getElementById("notes");
    let line = F.one(`[data-note="${key}"]`, place);
    if (!text) {
      if (line) line.remove();
      return;
    }
    if (!line) {
      line = document.createElement("div");
      line.dataset.note = key;
      place.append(line);
    }
    line.className = `note fnote ${kind}`;
    line.textContent = text;
    if (action) {
      const link = document.createElement("a");
      link.className = "btn btn-plain h48 end";
      link.href = action.href;
      link.textContent = action.label;
      line.append(" ", link);
    }
  };

  F.ready = (async () => {
    F.skew = (await F.fact("skew")) || 0;
  })();
})(window.Field);
