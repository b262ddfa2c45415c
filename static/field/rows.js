/* The tables of a sheet: a row more, a row less, and what each row is called. */
"use strict";

((F) => {
  const { one, all } = F;

  const total = (box) => one(`[name="${box.dataset.formset}-TOTAL_FORMS"]`, box);
  F.rowsOf = (box) => all("[data-row]", one("[data-rows]", box));

  /* A candidate point is called by its letter, on the tablet as in the plan; other rows by number. */
  F.number = (box) => {
    const letters = box.dataset.labels ? box.dataset.labels.split(" ") : [];
    F.rowsOf(box)
      .filter((row) => !row.hidden)
      .forEach((row, index) => {
        const place = Number(row.dataset.row.split("-").pop());
        one("[data-number]", row).textContent = letters[place] || String(index + 1);
      });
  };

  /* The points on the sheet are those one may ask consent for. */
  F.letters = (form) => {
    const points = one('[data-formset="points"]', form);
    if (!points) return;
    const count = F.rowsOf(points).length;
    all('[data-formset="consents"] select[name$="-point"]', form).forEach((select) => {
      all("option", select).forEach((option, index) => (option.hidden = option.disabled = index >= Math.max(1, count)));
    });
  };

  F.addRow = (box, focus = true) => {
    const counter = total(box);
    const index = Number(counter.value);
    const holder = document.createElement("div");
    holder.append(one("template", box).content.cloneNode(true));
    for (const element of all("*", holder)) {
      for (const attribute of [...element.attributes]) {
        if (attribute.value.includes("__prefix__")) element.setAttribute(attribute.name, attribute.value.replaceAll("__prefix__", String(index)));
      }
    }
    const row = one("[data-row]", holder);
    row.dataset.added = "";
    counter.value = String(index + 1);
    one("[data-rows]", box).append(row);
    F.equip(row);
    F.number(box);
    F.letters(box.closest("form"));
    if (focus) {
      const first = all("input:not([type=hidden]), select, textarea", row).find((c) => c.getClientRects().length);
      if (first) first.focus();
    }
    return row;
  };

  /* What a row needs before it is used; rows of the page's own need it as well. */
  F.equip = (within) => {
    F.dress(within);
    F.shots(within);
    all("[data-out]", within).forEach((out) => out.addEventListener("click", () => F.takeOut(out.closest("[data-row]"))));
  };

  /* A row taken out stays in its place, empty or marked as deleted, so that no other moves. */
  F.takeOut = async (row) => {
    const form = row.closest("form");
    const gone = one('[name$="-DELETE"]', row);
    if (gone) gone.checked = true;
    for (const control of all("input, select, textarea", row)) {
      if (control.type === "file") await F.unfile(form, control);
      else if (row.dataset.added !== undefined && control.type !== "hidden" && control !== gone) {
        if (["checkbox", "radio"].includes(control.type)) control.checked = false;
        else if (control.tagName === "SELECT") control.selectedIndex = 0;
        else control.value = "";
      }
    }
    row.hidden = true;
    F.number(row.closest("[data-formset]"));
    await F.keep(form);
  };

  /* A saved sheet's tables, as many rows as it had; the plain sheet's empty rows are not on this page. */
  F.restoreRows = (form, record) => {
    for (const box of all("[data-formset]", form)) {
      const wanted = Number((record.fields.find(([name]) => name === `${box.dataset.formset}-TOTAL_FORMS`) || [0, 0])[1]);
      while (Number(total(box).value) < wanted) F.addRow(box, false);
      const state = (record.rows || []).find((each) => each.name === box.dataset.formset);
      F.rowsOf(box).forEach((row, index) => (row.hidden = Boolean(state && state.hidden[index])));
      F.number(box);
    }
  };

  F.startRows = (form) => {
    for (const box of all("[data-formset]", form)) {
      total(box).value = String(F.rowsOf(box).length);
      F.number(box);
    }
    F.letters(form);
  };
})(window.Field);
