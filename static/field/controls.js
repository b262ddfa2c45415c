/* Controls for gloves: steppers, the barcode of a meter, the place with its accuracy. */
"use strict";

((F) => {
  const { one, all, say, button } = F;

  /* A control changed by the page, not by the person's finger on it, counts all the same. */
  F.touched = (control) => {
    control.dataset.touched = "";
    control.dispatchEvent(new Event("change", { bubbles: true }));
  };

  function stepper(control) {
    const holder = document.createElement("div");
    holder.className = "stepper";
    control.before(holder);
    const step = (by) => () => {
      const now = Number(control.value || 0) + by;
      control.value = String(Math.max(Number(control.min || 0), now));
      F.touched(control);
    };
    const name = (control.labels && control.labels[0] && control.labels[0].textContent.trim()) || "";
    const less = button("−", step(-1));
    const more = button("+", step(1));
    less.setAttribute("aria-label", `${say("less")} ${name}`);
    more.setAttribute("aria-label", `${say("more")} ${name}`);
    holder.append(less, control, more);
  }

  function scanner(control) {
    if (!F.canScan) return;
    const picker = document.createElement("input");
    picker.type = "file";
    picker.accept = "image/*";
    picker.setAttribute("capture", "environment");
    picker.hidden = true;
    picker.addEventListener("change", async () => {
      const [file] = picker.files;
      picker.value = "";
      const code = file ? await F.scan(file).catch(() => "") : "";
      if (code) {
        control.value = code;
        F.touched(control);
      }
      F.note("scan", code ? "" : say("no_code"));
    });
    const holder = document.createElement("div");
    holder.append(button(say("scan"), () => picker.click(), "scan"), picker);
    control.after(holder);
  }

  /* A meter number is compared with the numbers this tablet knows. */
  function known(control) {
    const list = control.list;
    if (!list) return;
    const hint = document.createElement("span");
    hint.className = "help";
    control.after(hint);
    const look = () => {
      const there = all("option", list).some((option) => option.value === control.value.trim());
      hint.textContent = !control.value.trim() ? "" : say(there ? "known" : "unknown");
    };
    control.addEventListener("input", look);
    control.addEventListener("change", look);
    look();
  }

  F.dress = (within) => {
    all("input[type=number]", within).forEach((control) => {
      const rules = control.dataset.rules ? JSON.parse(control.dataset.rules) : {};
      control.setAttribute("inputmode", "decimal");
      if (rules.number && rules.number[0] === 0 && !control.closest(".stepper")) stepper(control);
    });
    all("[data-scan]", within).forEach((control) => {
      known(control);
      scanner(control);
    });
  };

  /* The place of the survey, in figures that are read at arm's length. */
  F.placing = (form) => {
    const longitude = one('[name="longitude"]', form);
    if (!longitude) return;
    const box = document.createElement("div");
    box.className = "pair";
    const big = (label) => {
      const cell = document.createElement("div");
      const head = document.createElement("div");
      head.className = "sub";
      head.textContent = label;
      const figure = document.createElement("div");
      figure.className = "big-n";
      cell.append(head, figure);
      box.append(cell);
      return figure;
    };
    const accuracy = big(say("accuracy"));
    const distance = big(say("distance"));
    const tell = () => {
      const at = one('[name="accuracy_m"]', form).value;
      accuracy.textContent = at ? `±${at} m` : "–";
      const here = { longitude: Number(longitude.value), latitude: Number(one('[name="latitude"]', form).value) };
      const declared = { longitude: Number(form.dataset.longitude), latitude: Number(form.dataset.latitude) };
      distance.textContent = longitude.value && form.dataset.longitude ? `${F.metres(here, declared)} m` : "–";
    };
    const locate = button(say("locate"), async () => {
      try {
        const found = await F.locate();
        for (const name of ["longitude", "latitude", "accuracy_m"]) {
          const control = one(`[name="${name}"]`, form);
          control.value = String(found[name]);
          F.touched(control);
        }
        F.note("place", "");
      } catch (error) {
        F.note("place", say("no_place"));
      }
      tell();
    }, "target");
    longitude.closest(".fg").before(box, locate);
    form.addEventListener("change", tell);
    tell();
  };
})(window.Field);
