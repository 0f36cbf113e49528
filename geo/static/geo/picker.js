// Picking a place: the map moves under a fixed cross, and writes where the cross stands into the form.

const RESTS_MS = 300;
const DECIMALS = 6;

export class Picker {
  #map;
  #host;
  #options;
  #say;
  #circle;
  #timer = 0;
  #asking = null;
  #moved = false;

  // options: inputs {lon, lat} (selectors), check (address with {lon} and {lat}), into (selector), radius_m, start
  constructor(map, host, options, { say, tell }) {
    this.#map = map;
    this.#host = host;
    this.#options = options;
    this.#say = say;
    this.#draw(options.radius_m ?? 250);
    this.#listen(tell);
    const start = options.start ?? this.#typed();
    if (start) this.goTo(start[0], start[1]);
  }

  goTo(lon, lat, zoom = Math.max(this.#map.getZoom(), 16)) {
    this.#moved = true;
    this.#map.setView([lat, lon], zoom, { animate: false });
    this.#settle();
  }

  #draw(radius) {
    const cross = document.createElement("div");
    cross.className = "kp-cross";
    this.#map.getContainer().append(cross);
    this.#circle = L.circle(this.#map.getCenter(), { radius, className: "kp-map__circle", interactive: false });
    this.#circle.addTo(this.#map);
    this.#map.on("move", () => this.#circle.setLatLng(this.#map.getCenter()));
  }

  #input(name) {
    return document.querySelector(this.#options.inputs?.[name] ?? `#id_${name}`);
  }

  #typed() {
    const [lon, lat] = ["lon", "lat"].map((name) => parseFloat((this.#input(name)?.value ?? "").replace(",", ".")));
    return Number.isFinite(lon) && Number.isFinite(lat) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180
      ? [lon, lat]
      : null;
  }

  #listen(tell) {
    const container = this.#map.getContainer();
    // Only what a person does counts as choosing: opening the page is not choosing its middle.
    for (const act of ["pointerdown", "keydown", "wheel"]) {
      container.addEventListener(act, () => (this.#moved = true), { passive: true });
    }
    this.#map.on("click", ({ latlng }) => this.goTo(latlng.lng, latlng.lat));
    this.#map.on("moveend", () => this.#moved && this.#settle());
    for (const name of ["lon", "lat"]) {
      this.#input(name)?.addEventListener("change", () => {
        const typed = this.#typed();
        if (typed) this.goTo(typed[0], typed[1]);
      });
    }
    for (const button of document.querySelectorAll(`[data-map-here="${this.#host.id}"]`)) {
      if (!navigator.geolocation) continue;
      button.hidden = false;
      button.addEventListener("click", () => {
        navigator.geolocation.getCurrentPosition(
          ({ coords }) => this.goTo(coords.longitude, coords.latitude, 17),
          () => tell(this.#say("here_failed")),
          { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
        );
      });
    }
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const { lng: lon, lat } = this.#map.getCenter().wrap();
      for (const [name, value] of Object.entries({ lon, lat })) {
        const input = this.#input(name);
        if (input) input.value = value.toFixed(DECIMALS);
      }
      this.#host.dispatchEvent(new CustomEvent("kp:pick", { bubbles: true, detail: { lon, lat } }));
      this.#ask(lon, lat);
    }, RESTS_MS);
  }

  async #ask(lon, lat) {
    const target = document.querySelector(this.#options.into ?? "#place-answer");
    if (!this.#options.check || !target) return;
    this.#asking?.abort();
    this.#asking = new AbortController();
    const address = this.#options.check
      .replace("{lon}", lon.toFixed(DECIMALS))
      .replace("{lat}", lat.toFixed(DECIMALS));
    try {
      const response = await fetch(address, {
        signal: this.#asking.signal,
        credentials: "same-origin",
        headers: { "HX-Request": "true" },
      });
      if (!response.ok) return;
      target.innerHTML = await response.text();
      window.htmx?.process(target);
    } catch {
      // A lost line or a newer question: the form is checked again on the server when it is sent.
    }
  }
}
