// What the map says, in the reader's language: taken from the <template data-words> that the page carries.

export function wordsIn(element) {
  const template = element.querySelector("template[data-words]");
  const said = new Map();
  for (const entry of template?.content.querySelectorAll("data") ?? []) {
    said.set(entry.getAttribute("value"), entry.textContent);
  }
  return (name, facts = {}) => {
    let text = said.get(name) ?? name;
    for (const [fact, value] of Object.entries(facts)) text = text.replace(`{${fact}}`, String(value));
    return text;
  };
}
