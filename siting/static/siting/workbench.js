// The workbench answers while its sliders move: new clusters on the map at once, then the words and tables beside it.
// Without this file the same form is sent with a button.

const PAUSE_MS = 80;
const TYPING_MS = 400;
// How often a grouping in the background is asked after.
const POLL_MS = 1500;

const form = document.querySelector("#bench");
const map = document.querySelector("kp-map");
const said = document.querySelector("#bench-said");
const { clusters: clustersUrl, failed } = form.dataset;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isShown = (layer) => Boolean(form.querySelector(`[name=show][value="${layer}"]`)?.checked);

let waiting = 0;
let polling = 0;
const askClusters = oneAtATime(drawClusters);
const askPage = oneAtATime(swap);
// Which address each layer was drawn from.
const drawn = new Map();

form.querySelector("#bench-show").hidden = true;
for (const slider of form.querySelectorAll("input[type=range]")) slider.hidden = false;

form.addEventListener("submit", (event) => {
  // A file is handed out by the server.
  if (event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  refresh();
});
form.addEventListener("input", ({ target }) => {
  // What a file is made of changes nothing on the screen.
  if (["layer", "format", "crs"].includes(target.name)) return;
  const other = target.dataset.for
    ? document.getElementById(target.dataset.for)
    : target.type === "number" && form.querySelector(`[data-for=${target.id}]`);
  if (other) other.value = target.value;
  if (target.name === "text") {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, TYPING_MS);
    return;
  }
  // Not put off by the next movement: the map follows while the slider moves.
  waiting ||= setTimeout(refresh, PAUSE_MS);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-see]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  see(link.dataset.see);
});
map.addEventListener("kp:feature", ({ detail }) => detail.properties.see && see(detail.properties.see));
map.addEventListener("kp:pin", ({ detail }) => see(`pin:${detail.number}`));

function see(what) {
  form.elements.see.value = what;
  refresh();
}

function query() {
  const given = new URLSearchParams(new FormData(form));
  for (const name of ["layer", "format", "crs"]) given.delete(name);
  // The page of the list belongs to the filters it was turned with.
  return new URLSearchParams([...given].filter(([, value]) => value !== ""));
}

// What was set while an answer was under way is asked when it is there: the map follows, and nothing piles up.
function oneAtATime(show) {
  let next = null;
  let asking = null;
  return async (address, headers = {}) => {
    next = address;
    if (asking) return asking;
    let done;
    asking = new Promise((resolve) => (done = resolve));
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
    asking = null;
    done();
  };
}

function refresh() {
  clearTimeout(waiting);
  clearTimeout(polling);
  waiting = 0;
  const asked = query();
  const page = `${form.getAttribute("action")}?${asked}`;
  history.replaceState(null, "", page);
  // The words are asked for when the map has its clusters: these are then known already, and not worked out twice.
  const mapFirst = isShown("clusters") ? askClusters(`${clustersUrl}?${asked}`) : hideClusters();
  return Promise.resolve(mapFirst).then(() => askPage(page, { "HX-Request": "true" }));
}

// The parts keep their element, so that a screen reader hears the new words, and what was opened stays open.
function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const held = document.activeElement?.dataset.see;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const here = document.getElementById(part.id);
    if (!here || here.contains(document.activeElement) && document.activeElement.matches("select, input")) continue;
    const open = [...here.querySelectorAll("details")].map((details) => details.open);
    here.replaceChildren(...part.childNodes);
    [...here.querySelectorAll("details")].forEach((details, at) => (details.open = open[at] ?? false));
  }
  if (held) document.querySelector(`[data-see="${CSS.escape(held)}"]`)?.focus();
  for (const field of document.querySelectorAll("[data-query]")) field.value = document.querySelector("#query").value;
  drawChosen();
  drawLayers();
  if (document.querySelector("[data-running]")) polling = setTimeout(refresh, POLL_MS);
}

function hideClusters() {
  for (const layer of ["hulls", "middles"]) map.toggle(layer, false);
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
  const chosen = document.querySelector("[data-chosen]")?.dataset.chosen;
  const features = chosen ? [JSON.parse(chosen)] : [];
  map.setGeoJSON("chosen", features, { color: colour("--kp-turn-line"), fillOpacity: 0, weight: 4, radius: 12, interactive: false });
}

// Every layer but the clusters, which are asked for while a slider moves.
function drawLayers() {
  const wanted = JSON.parse(document.querySelector("#drawn").value);
  for (const name of drawn.keys()) {
    if (name in wanted) continue;
    if (name === "pins") map.setTiles(null);
    map.toggle(name, false);
    drawn.delete(name);
  }
  for (const [name, how] of Object.entries(wanted)) {
    const address = how.url ?? how.image ?? how.tiles;
    if (drawn.get(name) === address) continue;
    drawn.set(name, address);
    if (name === "pins") map.setTiles(how.tiles ?? null);
    if (how.tiles) map.toggle(name, false);
    if (how.image) map.setImage(name, how.image, how.bounds, 0.8);
    if (how.url) drawFeatures(name, how);
  }
}

async function drawFeatures(name, { url, steps, under, label, mark, className, colour: own, dots }) {
  const answer = await fetch(url);
  // Switched off, or set otherwise, while the answer was under way.
  if (!answer.ok || drawn.get(name) !== url) return;
  const ink = own ?? colour("--kp-accent-text");
  const plain = { color: ink, fillColor: ink, fillOpacity: dots ? 0.55 : 0.25, weight: dots ? 1 : 2, radius: dots ? 4 : 5 };
  map.setGeoJSON(name, await answer.json(), { ...plain, steps, under, label: dots ? "title" : label, mark, className });
}

await map.ready;
map.setTiles(null);
await refresh();
