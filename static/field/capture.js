/* What the tablet sees: photos, the place, a signature, a sketch, a barcode. */
"use strict";

((F) => {
  const LONGEST = 2048;

  const canvasOf = (image, longest = LONGEST) => {
    const scale = Math.min(1, longest / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  };

  const jpeg = (canvas, quality = 0.85) => new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));

  /* The place where the tablet is, as long as that is fresh; asked for where the last answer is old. */
  const FRESH = 2 * 60000;
  let place = null;
  let asked = 0;

  F.locate = (timeout = 20000) =>
    new Promise((found, failed) => {
      if (!navigator.geolocation) return failed(new Error("none"));
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          asked = Date.now();
          place = {
            longitude: Number(coords.longitude.toFixed(6)),
            latitude: Number(coords.latitude.toFixed(6)),
            accuracy_m: Math.ceil(coords.accuracy),
          };
          found(place);
        },
        failed,
        { enableHighAccuracy: true, timeout, maximumAge: 5000 },
      );
      return null;
    });

  const NOWHERE = { longitude: null, latitude: null, accuracy_m: null };
  const later = (wait) => new Promise((done) => setTimeout(done, wait, NOWHERE));
  let silent = 0; // when it last did not say

  /* Nobody waits long for it: the browser's question may stand unanswered. */
  async function here() {
    if (Date.now() - asked < FRESH) return place;
    if (Date.now() - silent < FRESH / 4) return NOWHERE;
    const found = await Promise.race([F.locate(5000).catch(() => NOWHERE), later(5000)]);
    if (found === NOWHERE) silent = Date.now();
    return found;
  }

  /* Metres between two places on the globe. */
  F.metres = (a, b) => {
    const rad = Math.PI / 180;
    const half =
      Math.sin(((b.latitude - a.latitude) * rad) / 2) ** 2 +
      Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(((b.longitude - a.longitude) * rad) / 2) ** 2;
    return Math.round(2 * 6371000 * Math.asin(Math.sqrt(half)));
  };

  /* When and where a picture was taken: as the camera wrote it; else, of a picture of this moment, here. */
  async function taken(file) {
    let said = {};
    try {
      said = (await exifr.parse(file, { gps: true, tiff: true, exif: true })) || {};
    } catch (error) {
      said = {};
    }
    const written = said.DateTimeOriginal instanceof Date && !Number.isNaN(said.DateTimeOriginal.valueOf());
    const clock = written ? said.DateTimeOriginal.valueOf() : file.lastModified || Date.now();
    const at = new Date(clock - (F.skew || 0)).toISOString();
    if (Number.isFinite(said.longitude) && Number.isFinite(said.latitude)) {
      const error = said.GPSHPositioningError;
      return { at, longitude: said.longitude, latitude: said.latitude, accuracy_m: Number.isFinite(error) ? Math.ceil(error) : null };
    }
    return { at, ...(Math.abs(Date.now() - clock) < FRESH ? await here() : NOWHERE) };
  }

  async function packed(blob, filename, when) {
    return { filename, blob, size: blob.size, sha256: await F.hash(blob), taken: when };
  }

  /* A photo as it is kept and sent: at most 2048 pixels, nothing in it but the picture. */
  F.photo = async (file) => {
    let image;
    try {
      image = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch (error) {
      throw new Error(F.say("no_picture", { file: file.name }));
    }
    const when = await taken(file);
    const blob = await jpeg(canvasOf(image));
    image.close();
    return packed(blob, file.name.replace(/\.[^.]*$/, "") + ".jpg", when);
  };

  /* A small picture of a blob, without addresses that the page may not open. */
  F.preview = async (blob, canvas) => {
    const image = await createImageBitmap(blob);
    const small = canvasOf(image, 320);
    canvas.width = small.width;
    canvas.height = small.height;
    canvas.getContext("2d").drawImage(small, 0, 0);
    image.close();
  };

  /* Draw with finger or pen, on white or over a photo; null when thought better of. */
  F.draw = (title, name, ground) =>
    new Promise((done) => {
      const dialog = document.getElementById("pad");
      const canvas = F.one("canvas", dialog);
      F.one("h2", dialog).textContent = title;
      dialog.showModal();
      const ratio = ground ? ground.height / ground.width : 0.4;
      canvas.width = Math.min(1600, Math.round(canvas.clientWidth * Math.max(1, devicePixelRatio)));
      canvas.height = Math.round(canvas.width * ratio);
      const scale = canvas.width / canvas.clientWidth;
      const pad = new SignaturePad(canvas, { minWidth: 1.2 * scale, maxWidth: 3 * scale, penColor: "#17212c" });
      const clear = () => {
        pad.clear();
        const pen = canvas.getContext("2d");
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, canvas.width, canvas.height);
        if (ground) pen.drawImage(ground, 0, 0, canvas.width, canvas.height);
      };
      clear();
      const end = (result) => {
        pad.off();
        dialog.close();
        done(result);
      };
      F.one("[data-clear]", dialog).onclick = clear;
      F.one("[data-cancel]", dialog).onclick = () => end(null);
      dialog.oncancel = () => end(null);
      F.one("[data-take]", dialog).onclick = async () => {
        if (pad.isEmpty()) return;
        const blob = await jpeg(canvas, 0.9);
        end(await packed(blob, name, { at: F.now().toISOString(), ...(await here()) }));
      };
    });

  F.canScan = "BarcodeDetector" in window;

  /* The first barcode on a picture; "" where there is none. */
  F.scan = async (file) => {
    const found = await new BarcodeDetector().detect(await createImageBitmap(file));
    return found.length ? found[0].rawValue.trim() : "";
  };
})(window.Field);
