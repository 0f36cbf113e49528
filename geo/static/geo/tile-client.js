// Fetches vector tiles of pins and remembers them while the page lives.

import { PbfReader } from "pbf";
import { VectorTile } from "@mapbox/vector-tile";

const REMEMBERED = 400;
// How often a busy server is asked again for one tile.
const TRIES = 6;

// Cells along a tile from zoom 18 on (geo.plane.tiles): the zooms at which the pins of a cell are listed.
const CELLS = 64;

const column = (lon, size) => Math.floor(((lon + 180) / 360) * size);
const row = (lat, size) => {
  const s = Math.sin((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180);
  return Math.floor((0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * size);
};

const lonOf = (wx) => wx * 360 - 180;
const latOf = (wy) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * wy))) * 180) / Math.PI;

// Which tiles of a zoom cover these bounds [west, south, east, north]?
export function tilesOver([west, south, east, north], z) {
  const size = 2 ** z;
  const inside = (at) => Math.max(0, Math.min(size - 1, at));
  const tiles = [];
  for (let x = inside(column(west, size)); x <= inside(column(east, size)); x += 1) {
    for (let y = inside(row(north, size)); y <= inside(row(south, size)); y += 1) tiles.push({ z, x, y });
  }
  return tiles;
}

// The pins of a tile as plain objects with lon, lat, n and what else the tile says of them.
export function decoded(buffer, { z, x, y }) {
  const layer = new VectorTile(new PbfReader(new Uint8Array(buffer))).layers.pins;
  const found = [];
  for (let at = 0; at < (layer?.length ?? 0); at += 1) {
    const feature = layer.feature(at);
    const [[point]] = feature.loadGeometry();
    const wx = (x + point.x / layer.extent) / 2 ** z;
    const wy = (y + point.y / layer.extent) / 2 ** z;
    found.push({
      ...feature.properties,
      n: feature.properties.n ?? 1,
      number: feature.properties.number ?? feature.properties.id,
      lon: lonOf(wx),
      lat: latOf(wy),
      cell: { z, x: CELLS * x + Math.floor((CELLS * point.x) / layer.extent), y: CELLS * y + Math.floor((CELLS * point.y) / layer.extent) },
    });
  }
  return found;
}

// The box [west, south, east, north] of the cell in which a feature of a tile was counted, from zoom 18 on.
export function cellOf({ cell: { z, x, y } }) {
  const size = CELLS * 2 ** z;
  return [lonOf(x / size), latOf((y + 1) / size), lonOf((x + 1) / size), latOf(y / size)];
}

// The answer of a server that may be busy: then it says after how many seconds to come again.
async function answered(address) {
  for (let left = TRIES; ; left -= 1) {
    const response = await fetch(address, { credentials: "same-origin" });
    if (response.status !== 503 || left === 0) return response;
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    // Up to twice as late, so that those who were refused together do not come back together.
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds * (1 + Math.random())));
  }
}

export class TileClient {
  #url;
  #tiles = new Map();

  constructor(url) {
    this.#url = url;
  }

  // The pins of one tile; a failed tile is forgotten, so that asking again tries again.
  pins(tile) {
    const address = this.#url.replace("{z}", tile.z).replace("{x}", tile.x).replace("{y}", tile.y);
    if (!this.#tiles.has(address)) {
      this.#tiles.set(
        address,
        answered(address)
          .then(async (response) => {
            if (!response.ok) throw new Error(`tile ${response.status}`);
            return response.status === 204 ? [] : decoded(await response.arrayBuffer(), tile);
          })
          .catch((error) => {
            this.#tiles.delete(address);
            throw error;
          }),
      );
      if (this.#tiles.size > REMEMBERED) this.#tiles.delete(this.#tiles.keys().next().value);
    }
    return this.#tiles.get(address);
  }
}
