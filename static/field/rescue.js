/* The rescue file: all that is not on the server, in one zip, to be taken in again on any device. */
"use strict";

((F) => {
  if (!F.isMine()) return;
  const { one, say } = F;

  /* Written part by part, as it may be much; a picture that cannot be read is named in its record. */
  async function write() {
    const parts = [];
    let count = 0;
    const zip = new fflate.Zip((error, chunk) => {
      if (error) throw error;
      parts.push(new Blob([chunk]));
    });
    const add = (name, bytes) => {
      const entry = new fflate.ZipPassThrough(name);
      zip.add(entry);
      entry.push(bytes, true);
    };
    for (const record of await F.records()) {
      if (F.closed(record)) continue;
      const files = await F.files(record.uuid);
      // Taken in elsewhere and sent, it must be the very same record.
      if (record.state === "waiting") await F.envelope(record, files);
      const told = [];
      for (const { blob, ...rest } of files) {
        const bytes = await blob.arrayBuffer().catch(() => null);
        told.push({ ...rest, unreadable: !bytes });
        if (bytes) add(`${record.uuid}/${rest.sha256}.jpg`, new Uint8Array(bytes));
      }
      add(`${record.uuid}/record.json`, fflate.strToU8(JSON.stringify({ ...record, files: told }, null, 2)));
      count += 1;
    }
    zip.end();
    return [new Blob(parts, { type: "application/zip" }), count];
  }

  one("[data-rescue]").addEventListener("click", async () => {
    const [zip, count] = await write();
    if (!count) return F.note("rescue", say("nothing"), "info");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(zip);
    link.download = `jiedian-${new Date().toISOString().slice(0, 16).replace(":", "")}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return F.note("rescue", say("rescued", { n: count }), "info");
  });

  const NAME = /^[0-9a-f-]{36}\/record\.json$/;

  /* The records of a rescue file with the pictures that are what they say; another's are refused. */
  async function read(zip) {
    const entries = fflate.unzipSync(new Uint8Array(await zip.arrayBuffer()));
    const found = [];
    for (const name of Object.keys(entries).filter((each) => NAME.test(each))) {
      const { files, ...record } = JSON.parse(fflate.strFromU8(entries[name]));
      if (record.user !== F.user) throw new Error("other");
      const kept = [];
      for (const { unreadable, ...file } of files) {
        const bytes = entries[`${record.uuid}/${file.sha256}.jpg`];
        const blob = bytes && new Blob([bytes], { type: "image/jpeg" });
        if (blob && (await F.hash(blob)) === file.sha256) kept.push({ ...file, blob });
      }
      found.push({ record, files: kept, lost: files.length - kept.length });
    }
    if (!found.length) throw new Error("none");
    return found;
  }

  one("[data-take-in]").addEventListener("change", async ({ target }) => {
    const [zip] = target.files;
    target.value = "";
    try {
      const found = await read(zip);
      for (const { record, files } of found) await F.takeIn(record, files);
      const lost = found.reduce((sum, each) => sum + each.lost, 0);
      F.note("rescue", say(lost ? "taken_in_short" : "taken_in", { n: found.length, lost }), lost ? "late" : "info");
    } catch (error) {
      F.note("rescue", error.told || say(error.message === "other" ? "rescue_other" : "rescue_none"), "late");
    }
    one("#notes").scrollIntoView({ block: "center" });
    F.changed();
    F.send();
  });
})(window.Field);
