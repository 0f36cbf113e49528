// Writes the names of neighbourhoods and places on the map where they cover nothing.

import { placed } from "geo/labels";

const HEIGHT = 18;
const PLACES_FROM_ZOOM = 13;

// A point that lies well inside a ring: the middle of its longest run across its middle.
export function middleOf(ring) {
  const ys = ring.map(([, y]) => y);
  const low = Math.min(...ys);
  const high = Math.max(...ys);
  let best = null;
  for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
    const y = low + (high - low) * share;
    const crossings = [];
    for (let at = 0; at < ring.length - 1; at += 1) {
      const [x1, y1] = ring[at];
      const [x2, y2] = ring[at + 1];
      if (y1 > y !== y2 > y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
    }
    crossings.sort((a, b) => a - b);
    for (let at = 0; at + 1 < crossings.length; at += 2) {
      const width = crossings[at + 1] - crossings[at];
      if (!best || width > best.width * 1.25) best = { width, lon: (crossings[at] + crossings[at + 1]) / 2, lat: y };
    }
  }
  return best;
}

export class Names {
  #map;
  #pane;
  #names = [];
  #pen = document.createElement("canvas").getContext("2d");

  constructor(map, areas, places) {
    this.#map = map;
    this.#pane = document.createElement("div");
    this.#pane.className = "kp-names";
    map.getPane("overlayPane").append(this.#pane);
    for (const { properties, geometry } of areas?.features ?? []) {
      const polygons = geometry?.type === "MultiPolygon" ? geometry.coordinates : [geometry?.coordinates];
      const rings = polygons.filter(Boolean).map(([outer]) => outer);
      const largest = rings.sort((a, b) => b.length - a.length)[0];
      const middle = largest && middleOf(largest);
      if (middle && properties?.name) this.#names.push({ text: properties.name, ...middle, area: true });
    }
    for (const place of places ?? []) this.#names.push({ text: place.name, lon: place.lon, lat: place.lat, dot: true });
  }

  draw(taken) {
    const zoom = this.#map.getZoom();
    const size = this.#map.getSize();
    const font = getComputedStyle(this.#map.getContainer()).fontFamily;
    const seen = [];
    for (const name of this.#names) {
      if (name.dot && zoom < PLACES_FROM_ZOOM) continue;
      const { x, y } = this.#map.latLngToContainerPoint([name.lat, name.lon]);
      if (x < 0 || y < 0 || x > size.x || y > size.y) continue;
      this.#pen.font = `600 14px ${font}`;
      seen.push({ ...name, x, y, w: this.#pen.measureText(name.text).width, h: HEIGHT });
    }
    const origin = this.#map.containerPointToLayerPoint([0, 0]);
    this.#pane.replaceChildren(
      ...placed(seen, taken).map((name) => {
        const node = document.createElement("span");
        node.className = name.area ? "kp-names__name" : "kp-names__name kp-names__name--place";
        node.textContent = name.text;
        L.DomUtil.setPosition(node, L.point(Math.round(name.x - name.w / 2), Math.round(name.y - HEIGHT / 2)).add(origin));
        return node;
      }),
    );
  }
}
