/* The rules of the Django fields, checked without a signal: data-rules is {rule: [limit, words]}. */
"use strict";

((F) => {
  const { one } = F;

  const value = (control) => {
    if (control.type === "radio") {
      const chosen = one(`[name="${control.name}"]:checked`, control.form);
      return chosen ? chosen.value : "";
    }
    if (control.type === "checkbox") return control.checked ? "on" : "";
    if (control.type === "file") return control.dataset.file || "";
    return control.value.trim();
  };

  const NUMBER = /^-?\d+(\.\d+)?$/;

  const CHECKS = {
    number: (text, places) => NUMBER.test(text) && (places === null || (text.split(".")[1] || "").replace(/0+$/, "").length <= places),
    min: (text, limit) => Number(text) >= limit,
    max: (text, limit) => Number(text) <= limit,
    length: (text, limit) => [...text].length <= limit,
  };

  /* Needed to sign always, or only where another field of the sheet says so. */
  const needed = ([when], form) => when === true || value(one(`[name="${when[0]}"]`, form)) === when[1];

  /* What is wrong with one control; "" where nothing is. */
  function wrong(control, signing) {
    const rules = JSON.parse(control.dataset.rules);
    const text = value(control);
    if (!text) {
      if (rules.required) return rules.required[1];
      return signing && rules.sign && needed(rules.sign, control.form) ? rules.sign[1] : "";
    }
    const broken = Object.keys(CHECKS).find((name) => rules[name] && !CHECKS[name](text, rules[name][0]));
    return broken ? rules[broken][1] : "";
  }

  function blank(row) {
    return F.all("input, select, textarea", row).every(
      (control) => control.type === "hidden" || !value(control),
    );
  }

  F.unmark = (within) => {
    F.all(".f.bad", within).forEach((place) => place.classList.remove("bad"));
    F.all(".err.here", within).forEach((line) => line.remove());
  };

  F.mark = (control, message) => {
    const place = control.closest(".f") || control.parentElement;
    place.classList.add("bad");
    const line = document.createElement("span");
    line.className = "err here";
    line.textContent = message;
    place.append(line);
  };

  /* What was marked and is right by now is marked no more; true where that is so. */
  F.mended = (control) => {
    const place = control.closest(".f.bad");
    if (!place || !control.dataset.rules || wrong(control, true)) return false;
    F.unmark(place.parentElement);
    return true;
  };

  /* Check a form; the controls with something wrong, marked, in their order. */
  F.check = (form, signing) => {
    F.unmark(form);
    const seen = new Set();
    const bad = [];
    for (const control of F.all("[data-rules]", form)) {
      if (seen.has(control.name) || control.disabled || control.closest("template")) continue;
      seen.add(control.name);
      const row = control.closest("[data-row]");
      if (row && (row.hidden || (row.dataset.added !== undefined && blank(row)))) continue;
      const message = wrong(control, signing);
      if (!message) continue;
      F.mark(control, message);
      bad.push(control);
    }
    return bad;
  };
})(window.Field);
