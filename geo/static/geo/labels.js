// Where can names stand without covering a pin or one another?

const touch = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

// names: {text, w, h, spots: [{x, y}]}, in order of importance, spots in order of liking;
// taken: boxes {x, y, w, h} that are in use. Gives those that fit, with the middle of the name as x, y.
// A name that fits nowhere is left out: a name in a wrong place is worse than none.
export function placed(names, taken) {
  const used = [...taken];
  const answer = [];
  for (const name of names) {
    for (const { x, y } of name.spots) {
      const box = { x: x - name.w / 2 - 5, y: y - name.h / 2 - 1, w: name.w + 10, h: name.h + 2 };
      if (!used.some((other) => touch(box, other))) {
        used.push(box);
        answer.push({ ...name, x, y });
        break;
      }
    }
  }
  return answer;
}
