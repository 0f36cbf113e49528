// Which colour of text can be read on a ground of this colour (#rrggbb)?

const INK = "#14213d";
const WHITE = "#ffffff";

function luminance(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

export function readableOn(ground) {
  return contrast(ground, WHITE) >= contrast(ground, INK) ? WHITE : INK;
}

export const isColour = (value) => /^#[0-9a-f]{6}$/i.test(value ?? "");
