// Writes the names of neighbourhoods and places on the map where they cover nothing.

import { placed } from "geo/labels";

const HEIGHT = 18;
const PLACES_FROM_ZOOM = 13;
// How far from its point a name may stand when a pin is on it.
const BESIDE = 20;

// Where in a ring can a name stand? The middle of its width, at heights in order of liking.
export function spotsIn(ring) {
  const ys = ring.map(([, y]) => y);
  const low = Math.min(...ys);
  const high = Math.max(...ys);
  const spots = [];
  for (const share of [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82]) {
    const lat = low + (high - low) * share;
    const crossings = [];
    for (let at = 0; at < ring.length - 1; at += 1) {
      const [x1, y1] = ring[at];
      const [x2, y2] = ring[at + 1];
      if (y1 > lat !== y2 > lat) crossings.push(x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1));
    }
    crossings.sort((a, b) => a - b);
    let widest = null;
    for (let at = 0; at + 1 < crossings.length; at += 2) {
      const [west, east] = [crossings[at], crossings[at + 1]];
      if (!widest || east - west > widest.east - widest.west) widest = { west, east };
    }
    if (widest) spots.push(...[0.5, 0.35, 0.65].map((part) => ({ lon: widest.west + (widest.east - widest.west) * part, lat })));
  }
  return spots;
}

export class Names {
  #map;
  #pane;
  #names = [];
  #pen = document.createElement("canvas").getContext("2d");

  constructor(map, areas, places) {
    this.#map = map;
    this.#pane = map.createPane("names");
    this.#pane.classList.add("kp-names");
    for (const { properties, geometry } of areas?.features ?? []) {
      const polygons = geometry?.type === "MultiPolygon" ? geometry.coordinates : [geometry?.coordinates];
      const rings = polygons.filter(Boolean).map(([outer]) => outer);
      const largest = rings.sort((a, b) => b.length - a.length)[0];
      if (largest && properties?.name) this.#names.push({ text: properties.name, spots: spotsIn(largest) });
    }
    for (const { name, lon, lat } of places ?? []) this.#names.push({ text: name, spots: [{ lon, lat }], isPlace: true });
  }

  draw(taken) {
    const zoom = this.#map.getZoom();
    const size = this.#map.getSize();
    const font = getComputedStyle(this.#map.getContainer()).fontFamily;
    const seen = [];
    for (const name of this.#names) {
      if (name.isPlace && zoom < PLACES_FROM_ZOOM) continue;
      this.#pen.font = `700 14px ${font}`;
      const w = this.#pen.measureText(name.text).width;
      const spots = this.#spots(name, w).filter(
        ({ x, y }) => x > w / 2 && y > HEIGHT / 2 && x < size.x - w / 2 && y < size.y - HEIGHT / 2,
      );
      if (spots.length) seen.push({ ...name, spots, w, h: HEIGHT });
    }
    const origin = this.#map.containerPointToLayerPoint([0, 0]);
    this.#pane.replaceChildren(
      ...placed(seen, taken).map((name) => {
        const node = document.createElement("span");
        node.className = name.isPlace ? "kp-names__name kp-names__name--place" : "kp-names__name";
        node.textContent = name.text;
        L.DomUtil.setPosition(node, L.point(Math.round(name.x - name.w / 2), Math.round(name.y - HEIGHT / 2)).add(origin));
        return node;
      }),
    );
  }

  // An area is named somewhere inside it, a place beside its point.
  #spots(name, width) {
    const points = name.spots.map(({ lon, lat }) => this.#map.latLngToContainerPoint([lat, lon]));
    if (!name.isPlace) return points;
    const [{ x, y }] = points;
    const aside = width / 2 + BESIDE;
    return [
      { x, y },
      { x, y: y + BESIDE + HEIGHT / 2 },
      { x, y: y - BESIDE - HEIGHT / 2 },
      { x: x + aside, y },
      { x: x - aside, y },
    ];
  }
}
