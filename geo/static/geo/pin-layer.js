// Draws pins: one numbered mark a place, one ring with a count where places stand too close.

import { isColour, readableOn } from "geo/colour";
import { grouped, shares } from "geo/markers";

const SVG = "http://www.w3.org/2000/svg";
// Nearer than this (pixels) two marks would cover each other.
const APART = 38;
// How long a number may be on a mark: its letters times their size (pixels).
const NUMBER = 46;
// Rings of this many and more are so wide that they need more room.
const MANY = 1000;
const APART_OF_MANY = 56;
// A theme is told by colour and by shape, so that nobody has to see colours; theme_chip.html draws the same ones.
const SHAPES = [
  "M17 2a15 15 0 1 0 .01 0z",
  "M8 2h18a6 6 0 0 1 6 6v18a6 6 0 0 1-6 6H8a6 6 0 0 1-6-6V8a6 6 0 0 1 6-6z",
  "M17 1l14 8v16l-14 8-14-8V9z",
  "M17 0a4 4 0 0 1 3 1l13 13a4 4 0 0 1 0 6L20 33a4 4 0 0 1-6 0L1 20a4 4 0 0 1 0-6L14 1a4 4 0 0 1 3-1z",
];

function svg(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function mark(shape, text, fill, ink) {
  const root = svg("svg", { viewBox: "-1 -1 36 36", class: "kp-mark__drawing", "aria-hidden": "true" });
  const path = svg("path", { d: SHAPES[shape % SHAPES.length], class: "kp-mark__shape" }, root);
  const label = svg("text", { x: 17, y: 17.5, class: "kp-mark__text" }, root);
  if (fill) {
    path.style.fill = fill;
    label.style.fill = ink;
  }
  if (text.length > 3) label.style.fontSize = `${Math.min(10, Math.floor(NUMBER / text.length))}px`;
  label.textContent = text;
  return root;
}

// The circle of shares: its radius, and the gap between two arcs (both in units of its box of 36).
const RING = 16.5;
const GAP = 1.5;

function ring(n, language) {
  const node = document.createElement("span");
  node.className = "kp-ring__count";
  node.textContent = n >= 10000 ? new Intl.NumberFormat(language, { notation: "compact" }).format(n) : String(n);
  return node;
}

// The share of each theme as an arc in its colour, the largest first, clockwise from the top; what has no theme stays
// as it is. Colours alone tell nobody anything: the same stands in words in the title.
function arcs(counted, n, colours) {
  const known = counted.filter(([theme]) => isColour(colours?.[theme]));
  if (!known.length) return null;
  const around = 2 * Math.PI * RING;
  const root = svg("svg", { viewBox: "0 0 36 36", class: "kp-ring__shares", "aria-hidden": "true" });
  let from = 0;
  for (const [theme, of] of known) {
    const long = (around * of) / n;
    const drawn = known.length > 1 || of < n ? Math.max(long - GAP, 0.5) : long;
    const arc = svg("circle", { cx: 18, cy: 18, r: RING, class: "kp-ring__share" }, root);
    arc.style.stroke = colours[theme];
    arc.style.strokeDasharray = `${drawn} ${around - drawn}`;
    arc.style.strokeDashoffset = `${-from}`;
    from += long;
  }
  return root;
}

export class PinLayer {
  #map;
  #host;
  #options;
  #layer;
  #drawn = new Map();
  #byNumber = new Map();
  #extra = null;
  #pointed = null;
  #chosen;

  // options: themes {slug: colour}, names {slug: what a theme is called}, shapes {slug: number}, chosen [number], apart (pixels), onPin(pin), onGroup(group), onHover(number or null)
  constructor(map, host, options) {
    this.#map = map;
    this.#host = host;
    this.#options = options;
    this.#chosen = new Set((options.chosen ?? []).map(Number));
    this.#layer = L.layerGroup().addTo(map);
  }

  choose(numbers) {
    const before = [...this.#chosen].sort().join();
    this.#chosen = new Set(numbers.map(Number));
    if ([...this.#chosen].sort().join() === before) return;
    const groups = [...this.#drawn.values()].map(({ group }) => group);
    this.clear();
    this.#redraw(groups);
  }

  clear() {
    this.#layer.clearLayers();
    this.#drawn.clear();
    this.#byNumber.clear();
  }

  // Draw these features (lon, lat, n, number; text to write instead, later: drawn hollow); marks that stay are left alone.
  draw(features) {
    const zoom = this.#map.getZoom();
    const seen = features.map((feature) => ({ ...feature, ...this.#pixels(feature, zoom) }));
    const apart = this.#options.apart ?? (features.some(({ n }) => n >= MANY) ? APART_OF_MANY : APART);
    this.#redraw(
      grouped(seen, apart).map((group) => {
        if (group.n === 1) return group.members[0];
        const middle = this.#map.unproject([group.x, group.y], zoom);
        return { n: group.n, lon: middle.lng, lat: middle.lat, members: group.members };
      }),
    );
  }

  #pixels({ lon, lat }, zoom) {
    const { x, y } = this.#map.project([lat, lon], zoom);
    return { x, y };
  }

  #redraw(groups) {
    const wanted = new Map(groups.map((group) => [this.#key(group), group]));
    for (const [key, { marker }] of this.#drawn) {
      if (!wanted.has(key)) {
        this.#layer.removeLayer(marker);
        this.#drawn.delete(key);
      }
    }
    this.#byNumber.clear();
    for (const [key, group] of wanted) {
      if (!this.#drawn.has(key)) this.#drawn.set(key, this.#add(group));
      for (const { number } of group.members ?? [group]) {
        if (number !== undefined) this.#byNumber.set(Number(number), key);
      }
    }
    if (this.#pointed) this.point(this.#pointed.number, this.#pointed.place);
  }

  #key(group) {
    if (group.n === 1) return `${group.number}:${group.lon}:${group.lat}`;
    const mine = (group.members ?? []).some(({ number }) => this.#chosen.has(Number(number)));
    return `n${group.n}:${group.lon.toFixed(6)}:${group.lat.toFixed(6)}:${mine}:${shares(group.members ?? [])}`;
  }

  #add(group) {
    const single = group.n === 1;
    const mine = (group.members ?? [group]).some(({ number }) => this.#chosen.has(Number(number)));
    const size = single ? 38 : Math.round(Math.min(56, 34 + 5 * Math.log10(group.n)));
    const classes = [single ? "kp-mark" : "kp-ring", mine ? "is-mine" : "", group.later ? "is-later" : ""];
    const marker = L.marker([group.lat, group.lon], {
      icon: L.divIcon({
        className: classes.filter(Boolean).join(" "),
        html: single ? this.#mark(group, mine) : this.#ring(group, mine),
        iconSize: [size, size],
      }),
      keyboard: false,
      riseOnHover: true,
      // Leaflet stacks by latitude: what was chosen must lie above what was not, the first on top.
      zIndexOffset: mine ? 1000 : group.later === false ? 1000 - Number(group.number) : 0,
    });
    marker.on("click", () => (single ? this.#options.onPin(group) : this.#options.onGroup(group)));
    marker.on("mouseover", () => this.#options.onHover(single ? Number(group.number) : null));
    marker.on("mouseout", () => this.#options.onHover(null));
    this.#layer.addLayer(marker);
    return { marker, group };
  }

  #ring(group, mine) {
    const language = document.documentElement.lang;
    const counted = shares(group.members ?? []);
    const drawn = mine ? null : arcs(counted, group.n, this.#options.themes);
    const root = document.createElement("span");
    root.className = "kp-ring__face";
    if (drawn) root.append(drawn);
    root.append(ring(group.n, language));
    const number = new Intl.NumberFormat(language);
    root.title = counted.map(([theme, n]) => `${this.#options.names?.[theme] ?? theme}: ${number.format(n)}`).join("\n");
    return root;
  }

  #mark(pin, mine) {
    const shape = Number(this.#options.shapes?.[pin.theme] ?? 0);
    const colour = this.#options.themes?.[pin.theme];
    const fill = !mine && !pin.later && isColour(colour) ? colour : null;
    return mark(shape, String(pin.text ?? pin.number ?? ""), fill, fill && readableOn(fill));
  }

  // Make one pin stand out; place {lon, lat} draws it even where it is hidden in a group.
  point(number, place = null) {
    this.unpoint();
    this.#pointed = { number, place };
    const entry = this.#drawn.get(this.#byNumber.get(Number(number)));
    if (entry && (entry.group.n === 1 || !place)) {
      entry.marker.getElement()?.classList.add("is-pointed-at");
      entry.marker.setZIndexOffset(2000);
    } else if (place) {
      this.#extra = this.#add({ n: 1, number, ...place }).marker;
      this.#extra.getElement()?.classList.add("is-pointed-at");
      this.#extra.setZIndexOffset(2000);
    }
  }

  unpoint() {
    if (!this.#pointed) return;
    const entry = this.#drawn.get(this.#byNumber.get(Number(this.#pointed.number)));
    entry?.marker.getElement()?.classList.remove("is-pointed-at");
    entry?.marker.setZIndexOffset(0);
    if (this.#extra) this.#layer.removeLayer(this.#extra);
    this.#extra = null;
    this.#pointed = null;
  }
}
