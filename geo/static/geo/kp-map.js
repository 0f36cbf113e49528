// <kp-map>: pins, areas and names of a town on a map that is one tab stop; the list beside it says the same in words.
//
// What to show stands in its <script type="application/json">:
//   bounds [w, s, e, n]         what to show first; or view [w, s, e, n]: what was seen before, as closely as then
//   outline                     GeoJSON of the town or the project's area; areas: FeatureCollection with name
//   drawn                       FeatureCollection of shapes, drawn in the manner of their kind (map.css: kp-map__drawn--kind)
//   places [{name, lon, lat}]   names written from zoom 13 on
//   tiles                       address of vector tiles with {z} {x} {y}; or pins [{number, title, lon, lat, area, theme, url,
//                               text (written instead of the number), later (drawn hollow)}]
//   detail                      address of one pin's page with {id}; list: of the page that lists those in ?bbox=w,s,e,n
//   themes {slug: colour}, theme_names {slug: name}, shapes {slug: number}, chosen [numbers], highlight number, highlight_at {lon, lat, theme} (drawn even where a ring hides it); apart: pixels within which pins become one ring
//   base_maps [{name, url, ...}]  the pictures below, see base-maps.js
//   mode "pick"                 with inputs, check, into, radius_m, start: see picker.js
//
// Events (bubbling): kp:pin, kp:cluster, kp:pick, kp:feature; kp:view with the bounds [w, s, e, n] that are seen now.

import { BaseMaps } from "geo/base-maps";
import { Names } from "geo/names";
import { Picker } from "geo/picker";
import { PinLayer } from "geo/pin-layer";
import { TileClient, cellOf, tilesOver } from "geo/tile-client";
import { wordsIn } from "geo/words";

const MAX_ZOOM = 19;
// A picture that does not come is asked for so many times.
// How wide a disc with a number is.
const DISC_PX = 30;
const IMAGE_TRIES = 5;
const LISTED = 12;
// How long it is said that the background did not load.
const NOTICE_MS = 12000;
// By what share of it a view may be smaller when it is seen again.
const SLACK = 0.01;
// What a mark draws around itself (pixels).
const HALO = 4;

function element(name, className, text) {
  const node = document.createElement(name);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

class KiesplekMap extends HTMLElement {
  #config = {};
  #say = (name) => name;
  #map = null;
  #pins = null;
  #names = null;
  #tiles = null;
  #card;
  #note;
  #layers = new Map();
  // The ground, the uppermost first.
  #lowest = [];
  #round = 0;
  // What was tapped last: an answer about something before it comes too late.
  #asked = 0;
  #shown;

  constructor() {
    super();
    this.ready = new Promise((resolve) => {
      this.#shown = resolve;
    });
  }

  connectedCallback() {
    if (this.#map || this.querySelector(".kp-map__canvas")) return;
    this.#config = JSON.parse(this.querySelector('script[type="application/json"]')?.textContent ?? "{}");
    this.#say = wordsIn(this);
    this.querySelector(".kp-map__fallback")?.remove();
    const canvas = element("div", "kp-map__canvas");
    this.#card = element("div", "kp-map__card");
    this.#card.hidden = true;
    this.#note = element("div", "kp-map__note");
    this.#note.setAttribute("role", "status");
    this.append(canvas, this.#card, this.#note);
    // A map in a tab that is not open has no size; it is made when it is first seen.
    new ResizeObserver(() => {
      if (!canvas.clientWidth || !canvas.clientHeight) return;
      if (this.#map) this.#map.invalidateSize({ pan: false });
      else this.#make(canvas);
    }).observe(canvas);
  }

  // --- for pages -----------------------------------------------------------------------------------

  // Leaflet's map, once ``ready``; for pages that draw on it.
  get leaflet() {
    return this.#map;
  }

  // style: Leaflet's path options, and label (the property to say on hover), radius (of points, in pixels);
  // or, for points, mark (the property to write on a disc) and className (how the disc looks); steps (path options by
  // the property step); under (true: below what else is drawn, as a ground).
  setGeoJSON(name, collection, style = {}) {
    this.#drop(name);
    const { label, mark, steps, under, radius = 5, ...path } = style;
    const disc = ({ properties }) =>
      L.divIcon({ className: path.className, iconSize: [DISC_PX, DISC_PX], html: element("span", "", String(properties[mark])) });
    const layer = L.geoJSON(collection, {
      style: (feature) => ({ ...path, ...steps?.[feature.properties?.step] }),
      pointToLayer: (feature, latlng) =>
        mark ? L.marker(latlng, { icon: disc(feature), keyboard: false }) : L.circleMarker(latlng, { radius, ...path }),
      onEachFeature: (feature, part) => {
        if (label && feature.properties?.[label] !== undefined) {
          // An element, not a text: Leaflet would read a text as HTML.
          const tip = element("span", "", String(feature.properties[label]));
          part.bindTooltip(tip, { className: "kp-tip", sticky: true });
        }
        part.on("click", () => this.#tell("kp:feature", { layer: name, properties: feature.properties }));
      },
    });
    layer.isUnder = under;
    if (mark) this.#thin(layer);
    this.#keep(name, layer);
  }

  // Of discs that would cover each other only the first says its number, the others are dots until there is room.
  #thin(layer) {
    const thin = () => {
      const shown = [];
      layer.eachLayer((part) => {
        const disc = part.getElement?.();
        if (!disc) return;
        const at = this.#map.latLngToContainerPoint(part.getLatLng());
        const isCovered = shown.some((other) => other.distanceTo(at) < DISC_PX);
        if (!isCovered) shown.push(at);
        disc.classList.toggle("is-small", isCovered);
      });
    };
    layer.on("add", () => {
      thin();
      this.#map.on("zoomend", thin);
    });
    layer.on("remove", () => this.#map.off("zoomend", thin));
  }

  setImage(name, url, [west, south, east, north], opacity = 1) {
    this.#drop(name);
    const image = L.imageOverlay(url, [[south, west], [north, east]], { opacity, className: "kp-map__image" });
    // A busy server refuses at once: ask again a little later, up to twice as late as others.
    let left = IMAGE_TRIES;
    image.on("error", () => {
      left -= 1;
      if (left > 0) setTimeout(() => image.setUrl(url), 1000 * (1 + Math.random()));
    });
    this.#keep(name, image);
  }

  toggle(name, on = !this.#map.hasLayer(this.#layers.get(name))) {
    const layer = this.#layers.get(name);
    if (!layer) return;
    if (on) this.#lay(layer);
    else layer.remove();
    this.#names.draw(this.#taken());
  }

  setTiles(url) {
    this.#tiles = url ? new TileClient(url) : null;
    this.#config.tiles = url;
    this.#config.pins = undefined;
    this.#pins.clear();
    this.#refresh();
  }

  // What is seen now: [west, south, east, north].
  get bounds() {
    const seen = this.#map.getBounds();
    return [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()];
  }

  fit([west, south, east, north]) {
    this.#map.fitBounds([[south, west], [north, east]], { padding: [12, 12] });
  }

  choose(numbers) {
    this.#config.chosen = numbers;
    this.#pins.choose(numbers);
  }

  // Make a pin stand out, as the list does on hover; place {lon, lat} for one that may hide in a group.
  point(number, place) {
    this.#pins?.point(number, place);
  }

  // --- inside --------------------------------------------------------------------------------------

  #keep(name, layer) {
    this.#layers.set(name, layer);
    this.#lay(layer);
    this.#names.draw(this.#taken());
  }

  #lay(layer) {
    layer.addTo(this.#map);
    if (!layer.isUnder) return;
    for (const lower of [layer, ...this.#lowest]) lower.bringToBack();
  }

  #drop(name) {
    this.#layers.get(name)?.remove();
    this.#layers.delete(name);
  }

  // A hair smaller, for rounded edges would not fit at the zoom they were seen at.
  #seeAgain([west, south, east, north]) {
    this.#map.fitBounds(L.latLngBounds([south, west], [north, east]).pad(-SLACK));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  #make(canvas) {
    const { base_maps: pictures = [], bounds = [2.5, 50.7, 2.9, 51], view, mode } = this.#config;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const map = L.map(canvas, {
      attributionControl: pictures.length > 0,
      zoomControl: false,
      // Without pictures of a base map any zoom is sharp, so a town fills its frame.
      zoomSnap: pictures.length ? 1 : 0.25,
      maxZoom: Math.max(MAX_ZOOM, ...pictures.map(({ max_zoom: zoom }) => zoom)),
      zoomAnimation: !still,
      fadeAnimation: !still,
      markerZoomAnimation: !still,
      inertia: !still,
      // The page scrolls past the map with the wheel; the map takes it once someone is in it.
      scrollWheelZoom: mode === "pick" ? "center" : false,
      touchZoom: mode === "pick" ? "center" : true,
      doubleClickZoom: mode === "pick" ? "center" : true,
    });
    this.#map = map;
    map.attributionControl?.setPrefix(false);
    L.control.zoom({ position: "topright", zoomInTitle: this.#say("zoom_in"), zoomOutTitle: this.#say("zoom_out") }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    map.on("focus", () => map.scrollWheelZoom.enable()).on("blur", () => mode !== "pick" && map.scrollWheelZoom.disable());
    this.#describe(canvas);
    if (view) this.#seeAgain(view);
    else this.fit(bounds);
    new BaseMaps(map, this, pictures, { say: this.#say, tell: (text) => this.#notice(text, { kept: NOTICE_MS }) });
    this.#ground();
    this.#names = new Names(map, this.#config.areas, this.#config.places);
    this.#pins = new PinLayer(map, this, {
      themes: this.#config.themes,
      names: this.#config.theme_names,
      shapes: this.#config.shapes,
      chosen: this.#config.chosen,
      apart: this.#config.apart,
      onPin: (pin) => this.#showPin(pin),
      onGroup: (group) => this.#showGroup(group),
      onHover: (number) => this.#pointInList(number),
    });
    if (this.#config.tiles) this.#tiles = new TileClient(this.#config.tiles);
    map.on("moveend", () => {
      this.#refresh();
      this.#tell("kp:view", { bounds: this.bounds });
    });
    map.on("zoomstart", () => this.classList.add("is-zooming"));
    map.on("zoomend", () => this.classList.remove("is-zooming"));
    map.on("click", () => this.#hideCard());
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#hideCard());
    this.#listenToList();
    if (mode === "pick") {
      new Picker(map, this, this.#config, { say: this.#say, tell: (text) => this.#notice(text) });
    }
    this.#refresh().then(() => {
      const { highlight, highlight_at: place } = this.#config;
      if (highlight !== undefined) this.#pins.point(highlight, place ?? null);
    });
    this.#shown(this);
  }

  // One tab stop, called by its name; pins and buttons in it are for finger and mouse, the list for the keyboard.
  #describe(canvas) {
    const help = element("p", "kp-hidden", this.#say(this.#config.mode === "pick" ? "pick_help" : "help"));
    help.id = `${this.id || "map"}-help`;
    this.prepend(help);
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", this.getAttribute("label") ?? "");
    canvas.setAttribute("aria-describedby", help.id);
    this.#map.getPane("mapPane").setAttribute("aria-hidden", "true");
    for (const button of canvas.querySelectorAll(".leaflet-control-zoom a")) button.tabIndex = -1;
    for (const link of canvas.querySelectorAll(".leaflet-control-attribution a")) link.tabIndex = -1;
  }

  #ground() {
    const { outline, areas, drawn } = this.#config;
    if (areas) {
      const style = { className: "kp-map__area", weight: 1 };
      this.#lowest.unshift(L.geoJSON(areas, { interactive: false, style }).addTo(this.#map));
    }
    if (outline) {
      const style = { className: areas ? "kp-map__outline" : "kp-map__land", weight: 1.5 };
      this.#lowest.unshift(L.geoJSON(outline, { interactive: false, style }).addTo(this.#map));
    }
    if (drawn) {
      const style = ({ properties: { kind } }) => ({ className: `kp-map__drawn kp-map__drawn--${kind}`, weight: 3 });
      const pointToLayer = (_feature, at) => L.circleMarker(at, { radius: 6, interactive: false });
      L.geoJSON(drawn, { interactive: false, style, pointToLayer }).addTo(this.#map);
    }
  }

  async #refresh() {
    this.#round += 1;
    const round = this.#round;
    // Names do not wait for the tiles: after a zoom they would hang where they no longer belong.
    this.#names.draw(this.#taken());
    const features = this.#tiles ? await this.#fromTiles() : (this.#config.pins ?? []).map((pin) => ({ n: 1, ...pin }));
    // The map has moved on while tiles were under way; or nothing came at all, and what was seen last is worth more.
    if (round !== this.#round || features === null) return;
    this.#pins.draw(features);
    this.#names.draw(this.#taken());
  }

  #taken() {
    const size = this.#map.getSize();
    const boxes = [];
    this.#map.eachLayer((layer) => {
      if (!(layer instanceof L.Marker)) return;
      const { x, y } = this.#map.latLngToContainerPoint(layer.getLatLng());
      const across = layer.options.icon.options.iconSize[0] + 2 * HALO;
      boxes.push({ x: x - across / 2, y: y - across / 2, w: across, h: across });
    });
    boxes.push({ x: size.x - 60, y: 0, w: 60, h: 110 });
    if (this.#config.mode === "pick") boxes.push({ x: size.x / 2 - 20, y: size.y / 2 - 44, w: 40, h: 52 });
    return boxes;
  }

  async #fromTiles() {
    const zoom = Math.min(Math.round(this.#map.getZoom()), this.#config.tile_max_zoom ?? MAX_ZOOM);
    const seen = this.#map.getBounds().pad(0.15);
    const tiles = tilesOver([seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()], zoom);
    const answers = await Promise.allSettled(tiles.map((tile) => this.#tiles.pins(tile)));
    if (answers.some(({ status }) => status === "rejected")) this.#noticeFailure();
    else this.#unsay();
    if (answers.every(({ status }) => status === "rejected")) return null;
    return answers.flatMap(({ value }) => value ?? []);
  }

  // kept: for so long it stays beside what else is said, also when pins come meanwhile.
  #notice(text, { kept = 0 } = {}) {
    const said = element("p", "kp-map__said", text);
    if (kept) {
      said.dataset.kept = "";
      for (const older of this.#note.querySelectorAll("[data-kept]")) older.remove();
      setTimeout(() => said.remove(), kept);
    } else this.#unsay();
    this.#note.append(said);
  }

  #unsay() {
    for (const said of [...this.#note.children]) if (said.dataset.kept === undefined) said.remove();
  }

  #noticeFailure() {
    const retry = element("button", "utrecht-button utrecht-button--secondary-action kp-button--small", this.#say("retry"));
    retry.type = "button";
    retry.addEventListener("click", () => this.#refresh());
    this.#unsay();
    this.#note.append(element("p", "kp-map__said", this.#say("tiles_failed")), retry);
  }

  // --- the card of what was tapped --------------------------------------------------------------------

  #link(pin, className = "utrecht-link") {
    const address = pin.url ?? this.#config.detail?.replace("{id}", String(pin.number));
    const node = element(address ? "a" : "span", className, pin.title ?? String(pin.number));
    if (address) node.href = address;
    return node;
  }

  async #showPin(pin) {
    this.#pins.point(pin.number, { lon: pin.lon, lat: pin.lat, theme: pin.theme });
    this.#pointInList(Number(pin.number));
    this.#tell("kp:pin", pin);
    this.#asked += 1;
    const asked = this.#asked;
    const told = await this.#named(pin);
    if (asked !== this.#asked) return;
    const numbered = element("span", "kp-pin", String(pin.text ?? pin.number ?? ""));
    numbered.classList.toggle("kp-pin--mine", (this.#config.chosen ?? []).map(Number).includes(Number(pin.number)));
    const words = element("div", "kp-map__words");
    const title = element("p", "kp-card__title");
    title.append(this.#link(told));
    words.append(title);
    if (told.area) words.append(element("p", "kp-card__facts", told.area));
    this.#showCard(numbered, words);
  }

  async #showGroup(group) {
    this.#tell("kp:cluster", group);
    const zoom = this.#map.getZoom();
    if (zoom < this.#map.getMaxZoom() - 0.5) {
      this.#map.setView([group.lat, group.lon], Math.min(zoom + 2, this.#map.getMaxZoom()));
      return;
    }
    this.#asked += 1;
    const asked = this.#asked;
    const pins = await this.#pinsOf(group);
    if (asked === this.#asked) this.#showList(group, pins);
  }

  // The first of the pins of a group: those that a tile only counted are asked for cell by cell, so that nobody else's
  // neighbours are among them.
  async #pinsOf({ members = [] }) {
    const found = await Promise.all(members.filter(({ n }) => n === 1).slice(0, LISTED).map((pin) => this.#named(pin)));
    for (const cell of members.filter(({ n }) => n > 1)) {
      if (found.length >= LISTED) break;
      const box = cellOf(cell).map((at) => at.toFixed(8));
      const answer = await this.#ask(`items?f=json&limit=${LISTED}&bbox=${box.join(",")}`);
      found.push(...(answer?.features.map(({ properties }) => properties) ?? []));
    }
    return found.slice(0, LISTED).sort((one, other) => one.number - other.number);
  }

  // In a crowd a tile leaves out what its pins are called.
  async #named(pin) {
    if (pin.title !== undefined || pin.number === undefined || !this.#config.tiles) return pin;
    return { ...pin, ...(await this.#ask(`items/${pin.number}?f=json`))?.properties };
  }

  // An answer of the layer whose tiles are shown, of the same rows; null where none comes.
  async #ask(path) {
    const [, layer, filters] = this.#config.tiles.match(/^(.*)\/tiles\/[^?]*\??(.*)$/) ?? [];
    if (!layer) return null;
    const asked = filters && path.startsWith("items?") ? `&${filters}` : "";
    try {
      const response = await fetch(`${layer}/${path}${asked}`);
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  #showList(group, pins) {
    const words = element("div", "kp-map__words");
    words.append(element("p", "kp-card__title", this.#say("places", { n: group.n })));
    const list = element("ul", "kp-map__list");
    for (const pin of pins) {
      const item = element("li", "");
      item.append(`${pin.number}. `, this.#link(pin));
      list.append(item);
    }
    words.append(list);
    if (group.n > pins.length) words.append(this.#rest(group, group.n - pins.length));
    this.#showCard(words);
  }

  // Those that do not fit on a card stand on the list.
  #rest({ members }, n) {
    const said = this.#say("more", { n });
    if (!this.#config.list || !this.#config.tiles) return element("p", "kp-card__facts", said);
    const boxes = members.map(cellOf);
    const [west, south] = [0, 1].map((side) => Math.min(...boxes.map((box) => box[side])));
    const [east, north] = [2, 3].map((side) => Math.max(...boxes.map((box) => box[side])));
    const address = new URL(this.#config.list, location.href);
    if (address.pathname === location.pathname) address.search = location.search;
    address.searchParams.delete("page");
    address.searchParams.set("bbox", [west, south, east, north].map((at) => at.toFixed(6)).join(","));
    const link = element("a", "utrecht-link", said);
    link.href = address.href;
    return link;
  }

  #showCard(...content) {
    const close = element("button", "kp-map__close", "×");
    close.type = "button";
    close.setAttribute("aria-label", this.#say("close"));
    close.addEventListener("click", () => this.#hideCard());
    this.#card.replaceChildren(...content, close);
    this.#card.hidden = false;
  }

  #hideCard() {
    this.#asked += 1;
    this.#card.hidden = true;
    this.#pins?.unpoint();
    this.#pointInList(null);
  }

  // --- the list and the map follow each other ---------------------------------------------------------

  #pointInList(number) {
    for (const item of document.querySelectorAll("[data-pin]")) {
      item.classList.toggle("is-pointed-at", number !== null && Number(item.dataset.pin) === number);
    }
  }

  #listenToList() {
    const itemOf = (event) => (event.target instanceof Element ? event.target.closest("[data-pin]") : null);
    const enter = (event) => {
      const item = itemOf(event);
      if (!item || !this.#card.hidden) return;
      const { pin, lon, lat, theme } = item.dataset;
      this.#pins.point(Number(pin), lon && lat ? { lon: Number(lon), lat: Number(lat), theme } : null);
    };
    const leave = (event) => itemOf(event) && this.#card.hidden && this.#pins.unpoint();
    // A choice made in the list without loading the page: the card says whether it is ours now.
    document.addEventListener("htmx:afterSettle", () => {
      const chosen = new Set((this.#config.chosen ?? []).map(Number));
      for (const card of document.querySelectorAll(".kp-card[data-pin]")) {
        const number = Number(card.dataset.pin);
        if (card.classList.contains("kp-card--mine")) chosen.add(number);
        else chosen.delete(number);
      }
      this.choose([...chosen]);
    });
    document.addEventListener("mouseover", enter);
    document.addEventListener("focusin", enter);
    document.addEventListener("mouseout", leave);
    document.addEventListener("focusout", leave);
  }
}

customElements.define("kp-map", KiesplekMap);
