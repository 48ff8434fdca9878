const FIRST = 500;
const LONGEST = 10_000;

/**
 * How long to wait before try number `tries`: doubling, and spread, so that not everybody comes back at once.
 * @param {number} tries
 * @param {{ first?: number, longest?: number }} [bounds] in milliseconds
 * @returns {number} milliseconds
 */
export function delay(tries, { first = FIRST, longest = LONGEST } = {}) {
  const whole = Math.min(longest, first * 2 ** Math.min(tries, 20));
  return Math.round(whole * (0.75 + Math.random() / 2));
}
