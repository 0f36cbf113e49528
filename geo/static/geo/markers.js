// Which pins stand so close on the screen that they must be drawn as one?

// A feature has x, y in pixels and n, the number of pins it already stands for.
// The same features give the same groups: heaviest first, then westernmost, then northernmost.
export function grouped(features, distance) {
  const order = [...features].sort((a, b) => b.n - a.n || a.x - b.x || a.y - b.y);
  const cell = (at) => Math.floor(at / distance);
  const groups = [];
  const near = new Map();
  for (const feature of order) {
    const column = cell(feature.x);
    const row = cell(feature.y);
    let found = null;
    for (let c = column - 1; c <= column + 1 && !found; c += 1) {
      for (let r = row - 1; r <= row + 1 && !found; r += 1) {
        found = (near.get(`${c},${r}`) ?? []).find(
          (group) => (group.x - feature.x) ** 2 + (group.y - feature.y) ** 2 < distance ** 2,
        );
      }
    }
    if (found) {
      found.n += feature.n;
      found.members.push(feature);
    } else {
      const group = { x: feature.x, y: feature.y, n: feature.n, members: [feature] };
      groups.push(group);
      near.set(`${column},${row}`, [...(near.get(`${column},${row}`) ?? []), group]);
    }
  }
  return groups;
}

// Of which themes are the pins of a group? [[theme, how many]], most first; pins without a theme are left out.
// A member is one pin with its theme, or a group of the tile that says "theme:slug": how many.
export function shares(members) {
  const counted = new Map();
  const add = (theme, n) => counted.set(theme, (counted.get(theme) ?? 0) + n);
  for (const member of members) {
    if (member.n === 1 && member.theme) add(member.theme, 1);
    for (const [name, n] of Object.entries(member)) {
      if (member.n > 1 && name.startsWith("theme:")) add(name.slice(6), n);
    }
  }
  return [...counted].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}
