/* "Only what the map shows": a box to tick beside the map that narrows the list to what is seen there, and keeps it so
   while the map moves. Its value is the bbox of the address, so that the page says the same without this script. */

// After the last move, in milliseconds: a map on the move asks for nothing.
const STILL = 350;

class FollowMap extends HTMLElement {
  #waiting;

  connectedCallback() {
    this.box = this.querySelector("input");
    const map = document.querySelector("kp-map");
    map?.ready.then(() => {
      this.hidden = false;
      this.box.addEventListener("change", () => this.#ask(map));
      map.addEventListener("kp:view", () => {
        clearTimeout(this.#waiting);
        if (this.box.checked) this.#waiting = setTimeout(() => this.#ask(map), STILL);
      });
    });
  }

  #ask(map) {
    this.box.value = map.bounds.map((at) => at.toFixed(6)).join(",");
    window.htmx.trigger(this.box.form, "kp:follow");
  }
}

customElements.define("kp-follow-map", FollowMap);
