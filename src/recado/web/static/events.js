// The events' list can be paused: what comes meanwhile is kept, and put in its place on resuming.

import { put } from "./recado.js"

const list = document.getElementById("events")
const button = document.getElementById("pause")
const most = Number(list.dataset.most)
let held = null

function label() {
  if (!held) return (button.textContent = button.dataset.pause)
  const count = held.length >= most ? `${most}+` : String(held.length)
  const told = held.length === 1 ? button.dataset.one : button.dataset.other.replace("0", count)
  button.textContent = held.length ? `${button.dataset.resume} · ${told}` : button.dataset.resume
}

button.addEventListener("click", () => {
  const waiting = held
  held = waiting ? null : []
  button.setAttribute("aria-pressed", String(Boolean(held)))
  if (waiting) put(waiting.join(""))
  label()
})

list.addEventListener("recado:piece", (event) => {
  if (!held) return
  event.preventDefault()
  held.push(event.detail.piece.outerHTML)
  held = held.slice(-most)
  label()
})

for (const choice of document.querySelectorAll(".filters select")) choice.addEventListener("change", () => choice.form.requestSubmit())
