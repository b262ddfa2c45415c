/* The pictures of a sheet: photos one by one or many at once, signatures, sketches. */
"use strict";

((F) => {
  const { one, all, say, button } = F;
  const running = new Map(); // form → pictures still being made

  /* Every picture asked for is kept, or it has been said that it was not. */
  F.pictures = async (form) => {
    while ((running.get(form) || new Set()).size) await Promise.all([...running.get(form)]);
  };

  function underWay(form, work) {
    if (!running.has(form)) running.set(form, new Set());
    running.get(form).add(work);
    return work.finally(() => running.get(form).delete(work));
  }

  /* Make a picture and keep it in the control's place; why it was not kept, or "". */
  function take(control, make) {
    const form = control.closest("form");
    return underWay(form, made(form, control, make).catch((error) => error.told || error.message || String(error)));
  }

  async function made(form, control, make) {
    F.draft(form);
    const photo = await make();
    if (!photo) return say("nothing_drawn");
    const record = F.draft(form); // closed meanwhile, it takes no more
    const mine = (await F.files(record.uuid)).filter((file) => file.name !== control.name);
    if (mine.length >= Number(form.dataset.maxFiles)) throw new Error(say("many", { n: form.dataset.maxFiles }));
    if (mine.reduce((sum, f) => sum + f.size, photo.size) > Number(form.dataset.maxBytes)) throw new Error(say("heavy"));
    if (mine.some((file) => file.sha256 === photo.sha256)) throw new Error(say("twice"));
    await F.putFile({ uuid: record.uuid, name: control.name, ...photo });
    await F.filed(control, photo);
    await F.keep(form);
    return "";
  }

  F.filed = async (control, photo) => {
    const holder = control.closest(".fshot");
    control.dataset.file = photo.sha256;
    control.dataset.touched = "";
    const canvas = one("canvas", holder);
    await F.preview(photo.blob, canvas);
    canvas.hidden = false; // in its own shape: the page moves once
    const at = photo.taken && photo.taken.at ? F.moment(new Date(photo.taken.at)) : "";
    const near = photo.taken && photo.taken.accuracy_m ? ` · ±${photo.taken.accuracy_m} m` : "";
    one(".sub", holder).textContent = `${Math.ceil(photo.size / 1024)} KB · ${at}${near}`;
    one("button", holder).lastChild.textContent = say("retake");
  };

  F.unfile = async (form, control) => {
    if (!control.dataset.file) return;
    delete control.dataset.file;
    await F.dropFile(F.draft(form).uuid, control.name);
    const canvas = one("canvas", control.closest(".fshot"));
    if (canvas) canvas.hidden = true;
  };

  /* A file field becomes a picture with its button. */
  F.shots = (within) =>
    all("input[type=file]", within).forEach((control) => {
      const holder = document.createElement("div");
      holder.className = "fshot";
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", say("photo"));
      canvas.hidden = true;
      const state = document.createElement("span");
      state.className = "sub";
      control.before(holder);
      control.setAttribute("accept", "image/*");
      control.setAttribute("capture", "environment");
      control.hidden = true;
      holder.append(canvas, state, button(say("take"), () => control.click(), "camera"), control);
      control.addEventListener("change", async () => {
        const [file] = control.files;
        control.value = "";
        if (file) F.note("photo", await take(control, () => F.photo(file)), "late");
      });
    });

  /* Many photos at once; those that were not kept are told together, and stay told. */
  async function takeAll(box, field, files) {
    const lost = [];
    for (const file of files) {
      const row = F.addRow(box, false);
      const why = await take(one(`input[name$="-${field}"]`, row), () => F.photo(file));
      if (!why) continue;
      lost.push(`${file.name}: ${why}`);
      await F.takeOut(row).catch(() => null);
    }
    const said = say("not_kept", { n: lost.length, of: files.length });
    F.note("photo", lost.length ? [said, ...new Set(lost)].join("\n") : "", "late");
  }

  /* A row of the photos is named for what was drawn in it. */
  function preset(row, kind) {
    const select = one('select[name$="-subject"], select[name$="-shows"]', row);
    if (select) select.value = kind;
    const text = one('input[name$="-shows"]', row);
    if (text) text.value = say(`as_${kind}`);
    all("select, input", row).forEach((control) => control.type !== "file" && (control.dataset.touched = ""));
  }

  /* The picture taken last, as large as it is kept. */
  async function lastPhoto(form) {
    const control = all("input[type=file]", form).filter((each) => each.dataset.file).pop();
    const file = control && (await F.files(F.draft(form).uuid)).find((each) => each.name === control.name);
    return file ? createImageBitmap(file.blob) : null;
  }

  /* What one can do for pictures on a sheet: photos, signatures, sketches. */
  F.tools = (form) => {
    const box = one("[data-photos]", form);
    if (!box) return;
    const drawn = (kind, ground) => async () => {
      const under = ground && (await ground());
      if (ground && !under) return F.note("photo", say("first_photo"));
      const row = F.addRow(box, false);
      preset(row, kind);
      const name = `${kind}-${row.dataset.row}.jpg`;
      const why = await take(one("input[type=file]", row), () => F.draw(say(`as_${kind}`), name, under));
      if (why) await F.takeOut(row);
      return F.note("photo", why === say("nothing_drawn") ? "" : why, "late");
    };
    const many = document.createElement("input");
    many.type = "file";
    many.accept = "image/*";
    many.multiple = true;
    many.hidden = true;
    many.id = `${form.dataset.sheet}-many`;
    many.addEventListener("change", () => {
      const files = [...many.files];
      many.value = "";
      underWay(form, takeAll(box, box.dataset.photos, files));
    });
    one("[data-add]", box).remove();
    const bar = document.createElement("div");
    bar.className = "row-f wrap";
    bar.append(button(say("photos"), () => many.click(), "camera"), many);
    if (form.dataset.sheet !== "attempt") {
      bar.append(button(say("as_signature"), drawn("signature"), "pen"));
      bar.append(button(say("as_sketch"), drawn("sketch"), "edit"));
      bar.append(button(say("on_photo"), drawn("sketch", () => lastPhoto(form)), "edit"));
    }
    one("[data-rows]", box).before(bar);
    const signer = form.dataset.signature && one(`[name="${form.dataset.signature}"]`, form);
    if (signer) signer.after(button(say("as_signature"), drawn("signature"), "pen"));
  };
})(window.Field);
