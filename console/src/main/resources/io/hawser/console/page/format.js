// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them.

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const whole = new Intl.NumberFormat("en");

function short(value) {
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function bytes(value) {
  let unit = 0;
  while (value >= 1024 && unit < BYTES.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${short(unit === 0 ? Math.round(value) : value)} ${BYTES[unit]}`;
}

export function count(value) {
  return whole.format(value);
}

export function rate(value) {
  return `${value >= 10 ? whole.format(Math.round(value)) : short(value)}/s`;
}

export function duration(ns) {
  if (ns < 1000) {
    return `${Math.round(ns)} ns`;
  }
  if (ns < 1e6) {
    return `${short(ns / 1e3)} µs`;
  }
  if (ns < 1e9) {
    return `${short(ns / 1e6)} ms`;
  }
  const seconds = ns / 1e9;
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  }
  if (seconds < 86400) {
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  }
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}
