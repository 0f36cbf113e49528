// Draws an area on the map by clicks; the text field beside it holds the same corners, one "latitude, longitude" a line,
// and works without a map.

const field = document.querySelector("[data-draw-corners]");
const element = document.querySelector("kp-map");
const kind = document.querySelector('input[name="kind"][value="drawn"]');
const buttons = document.querySelector("[data-draw-buttons]");

const corners = () =>
  field.value
    .split("\n")
    .map((line) => line.split(/[,;]\s*|\s+/).map(Number))
    .filter((pair) => pair.length === 2 && pair.every(Number.isFinite));

if (field && element) {
  customElements.whenDefined("kp-map").then(() => element.ready).then(() => {
    const { leaflet } = element;
    const shape = L.polygon([], { color: "#8f4207", weight: 3, interactive: false }).addTo(leaflet);
    const marks = L.layerGroup().addTo(leaflet);
    const draw = () => {
      const at = corners();
      shape.setLatLngs(at);
      marks.clearLayers();
      for (const corner of at) {
        L.circleMarker(corner, { radius: 5, color: "#8f4207", fillOpacity: 1, interactive: false }).addTo(marks);
      }
    };
    const write = (at) => {
      field.value = at.map(([lat, lon]) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`).join("\n");
      if (kind) kind.checked = true;
      draw();
    };
    leaflet.on("click", ({ latlng }) => write([...corners(), [latlng.lat, latlng.lng]]));
    field.addEventListener("input", draw);
    buttons.hidden = false;
    buttons.querySelector("[data-draw-undo]").addEventListener("click", () => write(corners().slice(0, -1)));
    buttons.querySelector("[data-draw-clear]").addEventListener("click", () => write([]));
    draw();
  });
}
