// The pictures under a map: the first of the list, the next where one fails, and the one that the reader chooses.
//
// Each: {name, url, attribution, max_zoom, bounds [w, s, e, n], wms {layers, format}}; url with {z} {x} {y}, or of a WMS.

// So many pictures that do not come, without one that did, or so long without any: then it is down.
const FAILED = 4;
const PATIENCE_MS = 8000;

function layerOf(base) {
  const options = {
    attribution: base.attribution,
    maxZoom: base.max_zoom,
    bounds: base.bounds ? [[base.bounds[1], base.bounds[0]], [base.bounds[3], base.bounds[2]]] : undefined,
    // Who makes the map wants to know which site shows it; not which page.
    referrerPolicy: "origin",
  };
  return base.wms ? L.tileLayer.wms(base.url, { ...options, ...base.wms, version: "1.3.0" }) : L.tileLayer(base.url, options);
}

export class BaseMaps {
  #map;
  #host;
  #maps;
  #say;
  #tell;
  #layer = null;
  #failed = new Set();
  #buttons = [];
  #timer = 0;

  constructor(map, host, maps, { say, tell }) {
    this.#map = map;
    this.#host = host;
    this.#maps = maps;
    this.#say = say;
    this.#tell = tell;
    if (maps.length > 1) this.#offer();
    if (maps.length) this.show(0);
  }

  show(at) {
    this.#layer?.remove();
    clearTimeout(this.#timer);
    const layer = layerOf(this.#maps[at]);
    this.#layer = layer;
    this.#host.classList.add("has-pictures");
    let loaded = 0;
    let failed = 0;
    layer.on("tileload", () => {
      loaded += 1;
      clearTimeout(this.#timer);
    });
    layer.on("tileerror", () => {
      failed += 1;
      if (!loaded && failed >= FAILED) this.#fail(at);
    });
    layer.on("loading", () => {
      clearTimeout(this.#timer);
      if (!loaded) this.#timer = setTimeout(() => loaded || this.#fail(at), PATIENCE_MS);
    });
    // A view that lies outside the pictures asks for none, and misses none.
    layer.on("load", () => {
      clearTimeout(this.#timer);
      if (!loaded && failed) this.#fail(at);
    });
    layer.addTo(this.#map);
    this.#press(at);
  }

  // Go on to the next one that did not fail; without any the town is drawn by its own lines, which need nobody.
  #fail(at) {
    if (this.#failed.has(at) || !this.#layer) return;
    this.#failed.add(at);
    clearTimeout(this.#timer);
    const next = this.#maps.findIndex((_, number) => !this.#failed.has(number));
    this.#tell(this.#say("ground_failed", { name: this.#maps[at].name }));
    if (next >= 0) return this.show(next);
    this.#layer.remove();
    this.#layer = null;
    this.#host.classList.remove("has-pictures");
    // Without pictures any zoom is sharp.
    this.#map.options.zoomSnap = 0.25;
    this.#press(-1);
  }

  #offer() {
    const group = document.createElement("div");
    group.className = "kp-map__grounds";
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", this.#say("ground"));
    this.#buttons = this.#maps.map((base, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = base.name;
      // Whoever asks for one that failed gets another try.
      button.addEventListener("click", () => {
        this.#failed.clear();
        this.show(at);
      });
      group.append(button);
      return button;
    });
    this.#host.append(group);
  }

  #press(at) {
    for (const [number, button] of this.#buttons.entries()) button.setAttribute("aria-pressed", String(number === at));
  }
}
