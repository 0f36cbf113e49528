// Places on a map for the questions of a form: a click is a corner. The text field beside each map holds the same
// corners, one "latitude, longitude" a line, and works without a map.

const corners = (field) =>
  field.value
    .split("\n")
    .map((line) => line.split(/[,;]\s*|\s+/).map(Number))
    .filter((pair) => pair.length === 2 && pair.every(Number.isFinite));

const shapes = { point: () => L.layerGroup(), line: L.polyline, area: L.polygon };

async function draw(field) {
  const box = document.querySelector(`[data-map-of="${field.id}"]`);
  const element = box.querySelector("kp-map");
  await customElements.whenDefined("kp-map");
  await element.ready;
  const { leaflet } = element;
  const kind = field.dataset.questionPlace;
  const shape = shapes[kind]([], { color: "#8f4207", weight: 3, interactive: false }).addTo(leaflet);
  const marks = L.layerGroup().addTo(leaflet);
  const show = () => {
    const at = corners(field);
    if (kind !== "point") shape.setLatLngs(at);
    marks.clearLayers();
    for (const corner of at) {
      L.circleMarker(corner, { radius: 6, color: "#8f4207", fillOpacity: 1, interactive: false }).addTo(marks);
    }
  };
  const write = (at) => {
    field.value = at.map(([lat, lon]) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`).join("\n");
    // Kept at once, like everything typed.
    field.dispatchEvent(new Event("change", { bubbles: true }));
    show();
  };
  leaflet.on("click", ({ latlng }) => write([...(kind === "point" ? [] : corners(field)), [latlng.lat, latlng.lng]]));
  field.addEventListener("input", show);
  const buttons = box.querySelector("[data-draw-buttons]");
  buttons.hidden = false;
  buttons.querySelector("[data-draw-undo]").addEventListener("click", () => write(corners(field).slice(0, -1)));
  buttons.querySelector("[data-draw-clear]").addEventListener("click", () => write([]));
  show();
}

for (const field of document.querySelectorAll("[data-question-place]")) draw(field);
