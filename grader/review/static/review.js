// Keys for what the page holds: an element's aria-keyshortcuts say which key presses or focuses it.
"use strict";

const writes = (element) => element.closest("textarea, input:not([type=radio], [type=checkbox]), select");
const decides = (element) => element.matches("form[method=post] button");
const SOONEST_MS = 300; // Nobody reads an answer in less: such a press was meant for the page before.
let shownAt = performance.now();
let isLeaving = false;

function keyOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit) return (event.shiftKey ? "Shift+" : "") + digit[1];
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

function find(key) {
  return [...document.querySelectorAll("[aria-keyshortcuts]")].find(
    (element) => element.getAttribute("aria-keyshortcuts").split(" ").includes(key));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (writes(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (!document.getElementById("keys").checked) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const found = find(keyOf(event));
  if (!found || isLeaving) return;
  event.preventDefault();
  if (event.repeat || (decides(found) && performance.now() - shownAt < SOONEST_MS)) return;
  if (writes(found)) found.focus();
  else found.click();
});

// A second press before the next page is there would speak of the old one.
document.addEventListener("submit", (event) => {
  if (isLeaving) event.preventDefault();
  isLeaving = true;
});
window.addEventListener("pageshow", () => {
  isLeaving = false;
  shownAt = performance.now();
});

const keys = document.getElementById("keys");
keys.parentElement.hidden = false;
keys.checked = localStorage.getItem("keys") !== "off";
const showKeys = () => document.body.classList.toggle("no-keys", !keys.checked);
keys.addEventListener("change", () => {
  localStorage.setItem("keys", keys.checked ? "on" : "off");
  showKeys();
});
showKeys();
if (location.search.includes("at=objection")) document.getElementById("objection")?.setAttribute("open", "");
