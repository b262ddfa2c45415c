/* Sending: one record after another, file by file, piece by piece, each answered by a receipt.

   What was cut off goes on where the server says it stopped. A record is sent as often as need be:
   its number makes it the same record, and it goes onto its case once. */
"use strict";

((F) => {
  const LARGEST = 256 * 1024;
  const SMALLEST = 16 * 1024;
  let piece = LARGEST; // on a weak signal smaller ones come through
  const data = document.body.dataset;

  class Offline extends Error {}
  class SignIn extends Error {}
  class Refusal extends Error {}
  class Stuck extends Error {} // the server failed at this one: the others go on

  F.visitUrl = (step) => `${F.today}visits/${step}/`;
  const at = (uuid, rest) => `${data.records}${uuid}/${rest}`;

  async function ask(url, options = {}) {
    if (!F.isMine()) throw new SignIn();
    let answer;
    try {
      answer = await fetch(url, {
        cache: "no-store",
        credentials: "same-origin",
        redirect: "manual",
        ...options,
        headers: { "X-CSRFToken": F.cookie("csrftoken"), Accept: "application/json", ...options.headers },
        signal: AbortSignal.timeout(60000),
      });
    } catch (error) {
      throw new Offline(String(error));
    }
    if (answer.type === "opaqueredirect" || answer.status === 401) throw new SignIn();
    const json = (answer.headers.get("Content-Type") || "").includes("json");
    if (!json) {
      // A page instead of an answer: our token is old, or something stands in between.
      if (answer.status === 403) throw new SignIn();
      if (answer.status === 500) throw new Stuck();
      throw new Offline(`${answer.status}`);
    }
    try {
      return { status: answer.status, ...(await answer.json()) };
    } catch (error) {
      throw new Offline(String(error));
    }
  }

  /* The edition of the sheet this record was written on, counting what this tablet sent of other
     sheets since. Of the same sheet it counts nothing: that page was old, and the server says so. */
  async function edition(record) {
    const own = (await F.fact(`own-${record.step}`)) || {};
    let found = record.edition;
    while (own[found] && own[found].sheet !== record.sheet) found = own[found].to;
    return found;
  }

  async function envelope(record, files) {
    if (!record.envelope) {
      record.envelope = {
        uuid: record.uuid,
        user: F.user,
        step: record.step,
        sheet: record.sheet,
        signing: record.signing,
        edition: await edition(record),
        fields: record.fields,
        files: files.map(({ name, filename, sha256, size, taken }) => ({ name, filename, sha256, size, taken })),
        happened: record.happened,
        replaces: record.replaces || null,
      };
      await F.update(record);
    }
    return { ...record.envelope, sent: new Date().toISOString() };
  }

  F.envelope = envelope;

  async function heard(record, receipt) {
    record.receipt = receipt;
    if (receipt.now) await F.clock(receipt.now);
    await F.update(record);
    F.changed();
  }

  /* A piece that does not come through is smaller the next time. */
  async function weighed(url, options) {
    try {
      const answer = await ask(url, options);
      piece = Math.min(2 * piece, LARGEST);
      return answer;
    } catch (error) {
      if (error instanceof Offline) piece = Math.max(piece / 2, SMALLEST);
      throw error;
    }
  }

  async function sendFile(record, file, from) {
    let offset = from;
    let spoilt = 0;
    while (offset < file.size) {
      let bytes;
      try {
        bytes = await file.blob.slice(offset, offset + piece).arrayBuffer();
      } catch (error) {
        throw new Refusal(F.say("unreadable", { file: file.filename }));
      }
      const answer = await weighed(at(record.uuid, `files/${file.sha256}/`), {
        method: "POST",
        body: bytes,
        headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) },
      });
      if (answer.status === 422) {
        spoilt += 1;
        offset = 0;
        if (spoilt > 2) throw new Refusal(`${file.filename}: ${answer.error}`);
      } else if (answer.status === 409) {
        offset = answer.received;
      } else if (answer.status !== 200) {
        throw new Refusal(answer.error || String(answer.status));
      } else if ("state" in answer) {
        await heard(record, answer);
        return;
      } else {
        offset = answer.received;
      }
    }
  }

  async function send(record) {
    const files = await F.files(record.uuid);
    const answer = await ask(data.receive, {
      method: "POST",
      body: JSON.stringify(await envelope(record, files)),
      headers: { "Content-Type": "application/json" },
    });
    if (answer.status !== 200) throw new Refusal(answer.error || String(answer.status));
    await heard(record, answer);
    for (const file of files) {
      const held = record.receipt.files[file.sha256];
      if (held !== "whole") await sendFile(record, file, held || 0);
    }
    if (record.receipt.state === "arriving") await inquire(record);
    await finish(record);
  }

  async function inquire(record) {
    const now = await ask(at(record.uuid, "receipt/"));
    if (now.status !== 200) throw new Refusal(now.error || String(now.status));
    await heard(record, now);
  }

  /* Only the receipt for the whole lets the tablet's copy go. */
  async function finish(record) {
    const { receipt } = record;
    if (receipt.held !== receipt.of || receipt.state === "arriving") return;
    record.state = receipt.state;
    record.error = "";
    record.touched = new Date().toISOString();
    if (["applied", "kept"].includes(receipt.state)) {
      const own = (await F.fact(`own-${record.step}`)) || {};
      if (receipt.edition === record.envelope.edition + 1) {
        own[record.envelope.edition] = { to: receipt.edition, sheet: record.sheet };
      }
      await F.learn(`own-${record.step}`, own);
    }
    if (receipt.state === "returned") await F.update(record);
    else await F.release(record);
    F.changed();
    await F.keepPage(F.visitUrl(record.step));
  }

  /* One record: sent, or, where it came back, asked after: somebody may have decided on it. */
  async function turn(record) {
    try {
      if (record.state === "waiting") await send(record);
      else {
        await inquire(record);
        if (record.receipt.state !== record.state) await finish(record);
      }
      F.reach = "online";
    } catch (error) {
      if (error instanceof Stuck) {
        F.note("stuck", F.say("stuck"), "late");
        return;
      }
      if (!(error instanceof Refusal)) throw error;
      if (record.state !== "waiting") return;
      await F.update({ ...record, error: error.message, state: "refused" });
      F.changed();
    }
  }

  async function run() {
    const held = new Set(); // steps whose earlier record has to be put right first
    F.note("stuck", "");
    const mine = (await F.records()).filter((record) => record.user === F.user);
    for (const record of mine) {
      if (!["waiting", "returned", "conflict"].includes(record.state)) continue;
      if (held.has(record.step) && record.sheet !== "attempt") continue;
      try {
        await turn(record);
      } catch (error) {
        F.reach = error instanceof SignIn ? "login" : "offline";
        if (!(error instanceof SignIn) && !(error instanceof Offline)) throw error;
        break;
      }
      if (record.state === "returned" && record.sheet !== "attempt") held.add(record.step);
    }
    F.changed();
  }

  /* Send what waits; several pages of one person take turns. */
  F.sync = async () => {
    if (!F.isMine()) return;
    await F.ready;
    if (navigator.locks) {
      await navigator.locks.request(`${F.database}-sync`, { ifAvailable: true }, async (lock) => lock && run());
    } else await run();
  };

  /* Into a cache goes only what is here whole: an answer cut off on its way would hold up all that is
     asked of that cache after it; one cut off among its headers looks like an empty page. What was put,
     or an error. */
  F.putWhole = async (cache, url, answer) => {
    const { status, statusText, headers } = answer;
    if (!answer.ok) throw new Error(String(status));
    const body = await answer.blob();
    if (!body.size) throw new Error(`cut off: ${url}`);
    await cache.put(url, new Response(body, { status, statusText, headers }));
    return body;
  };

  F.addWhole = async (cache, url) => F.putWhole(cache, url, await fetch(url, { credentials: "same-origin" }));

  /* Keep a page for the way, and give its text; errors leave the older copy, and so does something
     unfinished on it. */
  F.keepPage = async (url) => {
    if (!window.caches || !F.isMine()) return null;
    try {
      const answer = await fetch(url, { credentials: "same-origin", cache: "no-store" });
      const cache = await caches.open(F.cache);
      if (answer.ok && !answer.redirected) {
        const body = await F.putWhole(cache, url, answer);
        return await body.text();
      }
      const login = answer.redirected && new URL(answer.url).pathname.startsWith(data.login);
      const gone = answer.status === 404 || (answer.redirected && !login);
      const unfinished = (await F.records()).some((record) => F.unclosed(record) && F.visitUrl(record.step) === url);
      if (gone && !unfinished) await cache.delete(url);
    } catch (error) {
      return null;
    }
    return null;
  };

  const listeners = [];
  F.onChange = (listener) => listeners.push(listener);
  F.changed = () => listeners.forEach((listener) => listener());
})(window.Field);
