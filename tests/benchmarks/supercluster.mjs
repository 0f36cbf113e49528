// How long supercluster takes to index these points: node supercluster.mjs POINTS ROUNDS
// POINTS: longitudes, then latitudes, then weights, as float64. Prints one number of seconds a round.
import { readFileSync } from "node:fs";
import Supercluster from "supercluster";

const bytes = readFileSync(process.argv[2]);
const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
const n = numbers.length / 3;
const features = [];
for (let at = 0; at < n; at += 1) {
  features.push({
    type: "Feature",
    properties: { w: numbers[2 * n + at] },
    geometry: { type: "Point", coordinates: [numbers[at], numbers[n + at]] },
  });
}
for (let round = 0; round < Number(process.argv[3]); round += 1) {
  const began = process.hrtime.bigint();
  // Its own radius and depth, and sums of weights as ours have; ours count themes on top.
  new Supercluster({
    radius: 40,
    extent: 512,
    maxZoom: 16,
    map: ({ w }) => ({ w }),
    reduce: (sum, { w }) => {
      sum.w += w;
    },
  }).load(features);
  console.log(Number(process.hrtime.bigint() - began) / 1e9);
}
