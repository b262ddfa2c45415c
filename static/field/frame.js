/* What every page of the tablet does: say where it stands, send what waits, be there without a signal. */
"use strict";

((F) => {
  const body = document.body;
  document.documentElement.classList.add("js");

  if (!F.isMine()) {
    // A page kept for somebody else, or for nobody any more: it shows nothing.
    F.one("#main").replaceChildren();
    F.all(".fsteps, .save, .fbar h1, .fbar .sub").forEach((element) => element.remove());
    F.note("who", F.say("other"), "soon", { href: `${body.dataset.login}?next=${F.today}`, label: F.say("sign_in") });
    return;
  }

  const net = F.one("#net");

  async function badge() {
    const records = await F.records();
    const waiting = records.filter(F.unsent).length;
    const offline = !navigator.onLine || F.reach === "offline";
    net.hidden = !offline && !waiting;
    net.textContent = [
      offline ? F.say("offline") : "",
      waiting ? F.say("waits", { n: waiting }) : "",
    ]
      .filter(Boolean)
      .join(" · ");
    const login = F.reach === "login" && waiting;
    F.note("login", login ? F.say("login") : "", "soon", {
      href: `${body.dataset.login}?next=${encodeURIComponent(location.pathname)}`,
      label: F.say("sign_in"),
    });
    const minutes = Math.round((F.skew || 0) / 60000);
    F.note("clock", Math.abs(minutes) > 2 ? F.say("clock", { n: Math.abs(minutes) }) : "");
  }

  F.onChange(badge);
  let wait = 1000;
  let again = 0;

  /* Send; where the signal is there but nothing came through, soon once more. */
  async function go() {
    clearTimeout(again);
    try {
      await F.sync();
    } catch (error) {
      F.note("sync", F.say("broken", { why: String(error) }), "late");
    }
    if (F.reach === "offline" && navigator.onLine) {
      again = setTimeout(go, wait);
      wait = Math.min(2 * wait, 20000);
    } else wait = 1000;
  }
  F.send = go;
  addEventListener("online", () => {
    F.reach = "";
    go();
  });
  addEventListener("offline", badge);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && go());
  setInterval(go, 20000);

  // Without a signal only what was kept can be opened; anything else would leave the tablet's pages.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.origin !== location.origin || (navigator.onLine && F.reach !== "offline")) return;
    const kept = link.pathname === F.today || link.pathname.startsWith(`${F.today}visits/`);
    if (kept || link.pathname === location.pathname) return;
    event.preventDefault();
    F.note("signal", F.say("signal"), "soon");
    F.one("#notes").scrollIntoView({ block: "center" });
  });

  // A page that comes back from the browser's memory may be older than what is kept.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  // Whose pages may be shown, the worker knows from the cookie alone.
  if ("serviceWorker" in navigator && "cookieStore" in window) {
    navigator.serviceWorker.register(body.dataset.worker, { scope: F.today }).catch(() => {
      F.note("worker", F.say("no_worker"));
    });
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  } else F.note("worker", F.say("no_worker"));

  F.ready.then(badge).then(F.tidy).then(go);
})(window.Field);
