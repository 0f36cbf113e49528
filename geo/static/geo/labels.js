// Where can names stand without covering a pin or one another?

const touch = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

// names: {text, x, y, w, h, dot}, in order of importance; taken: boxes {x, y, w, h} that are in use.
// Gives those that fit, with the middle of the name as x, y. A name that fits nowhere is left out.
export function placed(names, taken) {
  const used = [...taken];
  const answer = [];
  for (const name of names) {
    const { w, h } = name;
    const gap = name.dot ? 6 : 20;
    const sides = [
      [0, gap + h / 2],
      [0, -gap - h / 2],
      [w / 2 + gap, 0],
      [-w / 2 - gap, 0],
    ];
    for (const [dx, dy] of name.dot ? sides : [[0, 0], ...sides]) {
      const box = { x: name.x + dx - w / 2 - 2, y: name.y + dy - h / 2 - 1, w: w + 4, h: h + 2 };
      if (!used.some((other) => touch(box, other))) {
        used.push(box);
        answer.push({ ...name, x: name.x + dx, y: name.y + dy });
        break;
      }
    }
  }
  return answer;
}
