/* The field without a signal. Pages come from the network when there is one, else from what is kept for
   the person who is signed in on this tablet; files of the page from what is kept, once they are there.
   Nothing that changes anything passes through here. */
"use strict";

const SHELL = "jiedian-shell";
const FILES = [{% for url in shell %}"{{ url|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const WAIT = 4000;

const mine = async () => {
  const found = self.cookieStore ? await self.cookieStore.get("jiedian_user") : null;
  return found ? caches.open(`jiedian-field-${found.value}`) : null;
};

/* Into a cache goes only what is here whole: an answer cut off on its way would hold up all that is
   asked of that cache after it; one cut off among its headers looks like an empty page. A maker of
   answers, for each can be read but once. */
async function whole(answer) {
  const { status, statusText, headers } = answer;
  const body = await answer.blob();
  if (!body.size) throw new Error(`cut off: ${answer.url}`);
  return () => new Response(body, { status, statusText, headers });
}

async function keep(cache, url) {
  if (await cache.match(url)) return;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  const make = await whole(answer);
  await cache.put(url, make());
}

/* A newer worker waits until the tablet's pages are closed: taking over from one that works, it could
   leave a page that is being opened without an answer; and one that was cut off on its way never takes
   over from a whole one that follows it. */
self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(SHELL).then((cache) => Promise.all(FILES.map((url) => keep(cache, url)))),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

/* A page: of the network while that answers, else as it was kept. Where one is kept, the network has so
   long for the whole of it: a signal may stall in the middle. What was begun on a visit that is
   somebody else's by now is finished on the page as it was kept: "?kept". */
async function page(request) {
  const cache = await mine();
  const { pathname, searchParams } = new URL(request.url);
  const kept = cache && ((await cache.match(request.url)) || (await cache.match(request.url, { ignoreSearch: true })));
  if (kept && searchParams.has("kept")) return kept;
  try {
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(WAIT) } : {});
    if (!cache || !answer.ok || !/^\/field\/(visits\/\d+\/)?$/.test(pathname)) return answer;
    const make = await whole(answer);
    await cache.put(request.url, make()).catch(() => null);
    return make();
  } catch (error) {
    const today = kept || (cache && (await cache.match("/field/")));
    return today || new Response(OFFLINE, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
}

const OFFLINE = `<!DOCTYPE html><html lang="{{ LANGUAGE_CODE }}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{ offline_title|escapejs }}</title><h1>{{ offline_title|escapejs }}</h1><p>{{ offline_text|escapejs }}</p></html>`;

/* A file: as it was kept where its name carries its content, else of the network first. */
async function file(request) {
  const cache = await mine();
  const kept = (cache && (await cache.match(request))) || (await (await caches.open(SHELL)).match(request));
  const named = /\.[0-9a-f]{12}\./.test(request.url) || !request.url.includes("/static/");
  if (kept && named) return kept;
  try {
    return await fetch(request, kept ? { signal: AbortSignal.timeout(WAIT) } : {});
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/") || request.destination === "image") event.respondWith(file(request));
});
