/* What a form says, kept at every letter as a record, and put back when the page opens again. */
"use strict";

((F) => {
  const { one, all, say } = F;
  const drafts = new Map(); // form → its record
  const timers = new Map(); // form → the next time it is kept

  function fieldsOf(form) {
    const fields = [];
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !["csrfmiddlewaretoken", "edition"].includes(name)) fields.push([name, value]);
    }
    return fields;
  }

  /* The record a form writes, begun with its first letter. */
  F.draft = (form) => {
    if (form.dataset.closed) throw new Error(say("closed_here"));
    if (!drafts.has(form)) {
      drafts.set(form, {
        uuid: F.uuid(),
        user: F.user,
        step: Number(form.dataset.step),
        sheet: form.dataset.sheet,
        title: form.dataset.title,
        who: one("h1").textContent.split(" · ")[0].trim(),
        state: "draft",
        edition: Number(form.dataset.edition),
        signing: false,
        happened: F.now().toISOString(),
        fields: [],
      });
    }
    return drafts.get(form);
  };

  F.keep = async (form) => {
    clearTimeout(timers.get(form));
    timers.delete(form);
    const record = F.draft(form);
    record.fields = fieldsOf(form);
    record.rows = all("[data-formset]", form).map((box) => ({
      name: box.dataset.formset,
      hidden: F.rowsOf(box).map((row) => row.hidden),
    }));
    record.touched = F.now().toISOString();
    await F.putDraft(record);
    F.kept(record);
  };

  F.soon = (form, wait) => {
    if (form.dataset.closed) return;
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => F.keep(form).catch(() => null), wait));
  };

  const flush = () => [...timers.keys()].forEach((form) => F.keep(form).catch(() => null));
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());

  /* From here on the form writes nothing more; its record waits to be sent. */
  F.closeDraft = async (form, signing) => {
    await F.keep(form);
    const record = { ...F.draft(form), signing, state: "waiting", closed: F.now().toISOString() };
    form.dataset.closed = "1";
    try {
      await F.put(record);
    } catch (error) {
      delete form.dataset.closed;
      throw error;
    }
    drafts.delete(form);
  };

  /* Fill the form again from its record, rows and photos included. */
  F.restore = async (form, record) => {
    drafts.set(form, record);
    F.restoreRows(form, record);
    const values = new Map();
    record.fields.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
    for (const control of all("input[name], select[name], textarea[name]", form)) {
      if (control.type === "file" || control.name === "csrfmiddlewaretoken" || control.closest("template")) continue;
      const told = values.get(control.name) || [];
      if (["checkbox", "radio"].includes(control.type)) {
        const on = told.includes(control.value);
        if (on !== control.checked) control.dataset.touched = "";
        control.checked = on;
      } else if (told.length && control.value !== told[0]) {
        control.value = told[0];
        control.dataset.touched = "";
      }
    }
    for (const file of await F.files(record.uuid)) {
      const control = all("input[type=file]", form).find((each) => each.name === file.name);
      if (!control) continue;
      await F.filed(control, file).catch(() => F.mark(control, say("unreadable", { file: file.filename })));
    }
    F.letters(form);
    tellErrors(form, record.errors || {});
  };

  function tellErrors(form, errors) {
    for (const [name, texts] of Object.entries(errors)) {
      const control = name && one(`[name="${CSS.escape(name)}"]`, form);
      if (control) F.mark(control, texts.join(" "));
    }
    const whole = errors[""] || [];
    if (Object.keys(errors).length) F.note("errors", [say("corrections"), ...whole].join(" "), "late");
  }
})(window.Field);
