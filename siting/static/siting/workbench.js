// The workbench answers while its sliders move: new clusters on the map at once, then the words and tables beside it.
// Without this file the same form is sent with a button.

const PAUSE_MS = 80;
// The parts of the page that a setting changes; they keep their element, so that a screen reader hears the new words.
const PARTS = ["bench-said", "bench-key", "bench-clusters", "bench-inspector"];

const form = document.querySelector("#bench");
const map = document.querySelector("kp-map");
const said = document.querySelector("#bench-said");
const { clusters: clustersUrl, pins: pinsUrl, tiles: tilesUrl, failed } = form.dataset;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isShown = (layer) => form.querySelector(`[name=show][value=${layer}]`).checked;

let waiting = 0;
const askClusters = oneAtATime(drawClusters);
const askPage = oneAtATime(swap);
let heatDrawn = "";

form.querySelector("#bench-show").hidden = true;
for (const slider of form.querySelectorAll("input[type=range]")) slider.hidden = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  refresh();
});
form.addEventListener("input", ({ target }) => {
  const other = target.dataset.for
    ? document.getElementById(target.dataset.for)
    : target.type === "number" && form.querySelector(`[data-for=${target.id}]`);
  if (other) other.value = target.value;
  // Not put off by the next movement: the map follows while the slider moves.
  waiting ||= setTimeout(refresh, PAUSE_MS);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-choose]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  choose(link.dataset.choose);
});
map.addEventListener("kp:feature", ({ detail }) => {
  const { pin, number } = detail.properties;
  // A cluster names one of its pins; a pin is one.
  choose(pin ?? number);
});
map.addEventListener("kp:pin", ({ detail }) => choose(detail.number));

function choose(pin) {
  form.elements.pin.value = pin;
  refresh();
}

function query() {
  const given = new FormData(form);
  if (!given.get("pin")) given.delete("pin");
  return new URLSearchParams(given);
}

// What was set while an answer was under way is asked when it is there: the map follows, and nothing piles up.
function oneAtATime(show) {
  let next = null;
  let isAsking = false;
  return async (address, headers = {}) => {
    next = address;
    if (isAsking) return;
    isAsking = true;
    while (next) {
      const asked = next;
      next = null;
      try {
        const answer = await fetch(asked, { headers });
        if (answer.ok) show(await answer.text());
        else if (answer.headers.get("Content-Type") === "application/problem+json") said.textContent = (await answer.json()).detail;
      } catch {
        said.textContent = failed;
      }
    }
    isAsking = false;
  };
}

function refresh() {
  clearTimeout(waiting);
  waiting = 0;
  const asked = query();
  const page = `${form.action}?${asked}`;
  history.replaceState(null, "", page);
  return Promise.all([askClusters(`${clustersUrl}?${asked}`), askPage(page, { "HX-Request": "true" })]);
}

function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const held = document.activeElement?.dataset.choose;
  for (const id of PARTS) {
    document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
  }
  if (held) document.querySelector(`[data-choose="${held}"]`)?.focus();
  drawChosen();
  drawHeat();
}

function drawClusters(text) {
  const { features } = JSON.parse(text);
  const of = (type) => features.filter(({ geometry }) => geometry.type === type);
  const ink = colour("--kp-accent-text");
  map.setGeoJSON("hulls", of("Polygon"), { color: ink, fillColor: ink, fillOpacity: 0.12, weight: 1.5, dashArray: "5 4" });
  map.setGeoJSON("middles", of("Point"), { mark: "number", className: "ks-mark" });
  for (const layer of ["hulls", "middles"]) map.toggle(layer, isShown("clusters"));
}

function drawChosen() {
  const hull = document.querySelector("[data-hull]")?.dataset.hull;
  const features = hull ? [JSON.parse(hull)] : [];
  map.setGeoJSON("chosen", features, { color: colour("--kp-turn-line"), fillOpacity: 0, weight: 4, interactive: false });
  map.toggle("chosen", isShown("clusters"));
}

function drawHeat() {
  const key = document.querySelector("[data-heat]");
  const wanted = isShown("heat") && key ? key.dataset.heat : "";
  if (wanted && wanted !== heatDrawn) map.setImage("heat", wanted, JSON.parse(key.dataset.bounds), 0.8);
  if (!wanted) map.toggle("heat", false);
  heatDrawn = wanted;
}

let pinsDrawn = false;

async function drawPins() {
  if (!pinsUrl) {
    map.setTiles(isShown("pins") ? tilesUrl : null);
    return;
  }
  if (!pinsDrawn) {
    const answer = await fetch(pinsUrl);
    if (!answer.ok) return;
    const ink = colour("--kp-accent-text");
    map.setGeoJSON("pins", await answer.json(), { color: ink, fillColor: ink, fillOpacity: 0.55, weight: 1, radius: 4, label: "title" });
    pinsDrawn = true;
  }
  map.toggle("pins", isShown("pins"));
}

await map.ready;
if (pinsUrl) map.setTiles(null);
for (const box of form.querySelectorAll("[name=show][value=pins]")) box.addEventListener("change", drawPins);
await drawPins();
await refresh();
