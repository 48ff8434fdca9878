const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  clock: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8 5v3.2l2 1.3",
  tick: "M3.5 8.5l3 3 6-7",
  ticks: "M1 8.5l3 3 6-7M7.2 10.7l.8.8 6-7",
  failed: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8 5v3.6M8 10.9v.1",
  back: "M10 3L5 8l5 5",
  down: "M8 3v9M4 8.5L8 12.5l4-4",
  send: "M2.5 8L13.5 3l-4 10.5-2.3-4.2z",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  plug: "M6 2.5v3M10 2.5v3M4.5 5.5h7v2a3.5 3.5 0 0 1-7 0zM8 11v2.5",
  window: "M9.5 3H13v3.5M13 3L8 8M11.5 9.5V13H3V4.5h3.5",
  more: "M3.5 8v.1M8 8v.1M12.5 8v.1",
  edit: "M3 13l.6-3L10.5 3l2.5 2.5L6 12.4zM9 4.5L11.5 7",
  bin: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9M7 7v4M9 7v4",
  unread: "M13 8.5V12H3V4h6M12.5 2.5a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4",
  reply: "M6.5 4L2.5 7.5l4 3.5M2.5 7.5h6a4.5 4.5 0 0 1 4.5 4.5v1",
  origin: "M8 13V3.5M4 7.5l4-4 4 4",
  smile: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M6 6.3v.1M10 6.3v.1M5.5 9.5a3 3 0 0 0 5 0",
  pin: "M10 2.5l3.5 3.5-2 .5-2.5 2.5.3 2.7-5-5L7 7l2.5-2.5zM6.8 9.2L3 13",
  archive: "M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 8.5h3",
  // eslint-disable-next-line @stylistic/max-len
  muted: "M5.5 3.5A3.6 3.6 0 0 1 11.6 6.100c0 2 .5 3.200.9 3.800M10 10.500H3s1.400-1 1.400-4.400M6.700 12.800a1.400 1.400 0 0 0 2.600 0M2.500 2.500l11 11",
  // eslint-disable-next-line @stylistic/max-len
  eye: "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8M8 6.200a1.800 1.800 0 1 1 0 3.600 1.800 1.800 0 0 1 0-3.600",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  // eslint-disable-next-line @stylistic/max-len
  bell: "M8 2.5a3.6 3.6 0 0 1 3.6 3.6c0 3.4 1.4 4.4 1.4 4.4H3s1.4-1 1.4-4.4A3.6 3.6 0 0 1 8 2.5M6.7 12.8a1.4 1.4 0 0 0 2.6 0",
  log: "M3 4.5l3 3.5-3 3.5M8 11.5h5",
};

/** @typedef {keyof typeof PATHS} IconName */

/** Decoration: what it means is said in words beside it. @param {IconName} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
