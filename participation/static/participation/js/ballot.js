/* Says on the ballot, at each change, what is left and what is too much. Without this the next page says it. */

const FILL = /%\((\w+)\)s/g;

const say = (words, facts) => words.replace(FILL, (_whole, name) => facts[name]);

// An amount of cents as the server writes it: "€ 1.250".
function money(cents) {
  const digits = cents % 100 ? 2 : 0;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `€ ${(cents / 100).toLocaleString(document.documentElement.lang, format)}`;
}

// The names that occur most often, with how often; nothing for options without a name.
function counts(names) {
  const found = new Map();
  for (const name of names) if (name) found.set(name, (found.get(name) ?? 0) + 1);
  return [...found];
}

class Ballot extends HTMLElement {
  connectedCallback() {
    this.method = this.getAttribute("method");
    this.cap = Number(this.getAttribute("cap"));
    this.words = this.querySelector("[data-left]");
    this.wrong = this.querySelector("[data-wrong]");
    this.dots = [...this.querySelectorAll(".kp-dots circle")];
    this.meter = this.querySelector(".kp-meter");
    if (this.method === "points") for (const field of this.querySelectorAll("input[type=number]")) this.addSteps(field);
    this.addEventListener("input", () => this.count());
    this.count();
  }

  // One point less, one point more: for those who would rather tap than type.
  addSteps(field) {
    for (const [step, sign, words] of [[-1, "−", this.dataset.less], [1, "+", this.dataset.more]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "utrecht-button utrecht-button--secondary-action kp-option__step";
      button.textContent = sign;
      button.setAttribute("aria-label", `${words}: ${field.labels[0].dataset.title}`);
      button.addEventListener("click", () => {
        const points = Math.min(Math.max(Number(field.value) + step, 0), Number(field.max));
        field.value = points || "";
        this.count();
      });
      if (step < 0) field.before(button);
      else field.after(button);
    }
  }

  // Every option with what it was given: 1 for a tick, else the number in its field.
  given() {
    return [...this.querySelectorAll(".kp-option")].map((option) => {
      const field = option.querySelector("input, select");
      const value = field.type === "checkbox" ? Number(field.checked) : Math.max(Number(field.value), 0);
      return { option, value, number: Number(option.dataset.pin) };
    });
  }

  used(chosen) {
    if (this.method === "points") return chosen.reduce((sum, { value }) => sum + value, 0);
    if (this.method === "budget") return chosen.reduce((sum, { option }) => sum + Number(option.dataset.cost), 0);
    return chosen.length;
  }

  count() {
    const all = this.given();
    const chosen = all.filter(({ value }) => value > 0);
    const used = this.used(chosen);
    const left = this.cap - used;
    const kind = chosen.length === 0 ? "offer" : left < 0 ? "over" : left === 0 ? "none" : "some";
    const amount = this.method === "budget" ? money : (n) => n.toLocaleString(document.documentElement.lang);
    const facts = { left: amount(Math.abs(left)), cap: amount(this.cap), used: amount(used) };
    const wrong = this.whatIsWrong(chosen);
    this.tell(this.words, say(this.words.dataset[kind], facts));
    this.tell(this.wrong, wrong);
    this.dots.forEach((dot, at) => dot.classList.toggle("kp-dots__used", at < used));
    if (this.meter) this.meter.value = Math.min(used, this.cap);
    this.classList.toggle("is-over", left < 0);
    for (const { option, value } of all) option.classList.toggle("kp-card--mine", value > 0);
    const map = document.querySelector("kp-map");
    map?.ready?.then(() => map.choose(chosen.map(({ number }) => number)));
  }

  // The limits that do not show in what is left: how many, how many a part, a rank given twice.
  whatIsWrong(chosen) {
    const { most, part, twice } = this.wrong.dataset;
    const cap = Number(this.getAttribute("most"));
    const said = [];
    if (["points", "budget"].includes(this.method) && chosen.length > cap) said.push(say(most, { cap }));
    for (const [limit, key] of [["cap-per-area", "area"], ["cap-per-theme", "theme"]]) {
      if (!this.hasAttribute(limit)) continue;
      const atMost = Number(this.getAttribute(limit));
      for (const [name, n] of counts(chosen.map(({ option }) => option.dataset[key])))
        if (n > atMost) said.push(say(part, { name, cap: atMost }));
    }
    if (this.method === "ranking")
      for (const [rank, n] of counts(chosen.map(({ value }) => value))) if (n > 1) said.push(say(twice, { rank }));
    return said.join(" · ");
  }

  // Only what changed is said again to who listens.
  tell(element, words) {
    if (element.textContent !== words) element.textContent = words;
  }
}

customElements.define("kp-ballot", Ballot);
