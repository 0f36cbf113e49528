/* Says on the ballot, at each tick, how many choices are left. Without this the next page says it. */

class Ballot extends HTMLElement {
  connectedCallback() {
    this.cap = Number(this.getAttribute("cap"));
    this.words = this.querySelector("[data-left]");
    this.dots = [...this.querySelectorAll(".kp-dots circle")];
    this.addEventListener("change", () => this.count());
    this.count();
  }

  count() {
    const boxes = [...this.querySelectorAll("input[name=number]")];
    const chosen = boxes.filter((box) => box.checked);
    const left = this.cap - chosen.length;
    const kind = left < 0 ? "over" : left === 0 ? "none" : "some";
    const words = this.words.dataset[kind].replace("{left}", Math.abs(left)).replace("{cap}", this.cap);
    if (this.words.textContent !== words) this.words.textContent = words;
    this.dots.forEach((dot, at) => dot.classList.toggle("kp-dots__used", at < chosen.length));
    this.classList.toggle("is-over", left < 0);
    for (const box of boxes) box.closest("li").classList.toggle("kp-card--mine", box.checked);
    const map = document.querySelector("kp-map");
    map?.ready?.then(() => map.choose(chosen.map((box) => Number(box.value))));
  }
}

customElements.define("kp-ballot", Ballot);
