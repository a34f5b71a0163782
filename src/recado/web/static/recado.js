// What every page does in the browser: live pieces, coming back after an outage, drafts, keys, small comforts.

const $ = (selector, root = document) => root.querySelector(selector)
const all = (selector, root = document) => [...root.querySelectorAll(selector)]

// --- live pieces (see web/live.py) ---

let source = null
let tuned = null
let reached = null
let failures = 0

/** Listen for the page's [data-live] element; again when that element has been replaced. */
export function tune() {
  const element = $("[data-live]")
  const wanted = element ? element.dataset.live : null
  if (wanted === tuned && source) return
  hush()
  tuned = wanted
  if (!wanted) return
  // A part of the page has been drawn anew; what stands beside it may not have been told as much yet.
  reached = reached === null ? element.dataset.after : String(Math.min(Number(reached), Number(element.dataset.after)))
  listen()
}

function hush() {
  source?.close()
  source = null
}

function listen() {
  const url = tuned + (tuned.includes("?") ? "&" : "?") + "after=" + encodeURIComponent(reached)
  const current = (source = new EventSource(url))
  current.onopen = () => {
    failures = 0
    $("#offline")?.setAttribute("hidden", "")
  }
  current.addEventListener("pieces", (event) => {
    put(event.data)
    reached = event.lastEventId
  })
  current.addEventListener("stale", () => location.reload())
  current.addEventListener("later", () => comeBack(current))
  current.onerror = () => comeBack(current)
}

/** The stream broke: ask whether the server is there and whether we are still signed in, then go on where we were. */
function comeBack(broken) {
  if (broken !== source) return
  hush()
  const wait = Math.min(250 * 2 ** failures++, 8000)
  if (failures > 2) $("#offline")?.removeAttribute("hidden")
  const url = tuned
  setTimeout(async () => {
    if (source || url !== tuned) return
    try {
      const answer = await fetch("/alive", { cache: "no-store", headers: { "HX-Request": "true" } })
      if (answer.status === 401) return signedOut(await answer.text())
    } catch {
      // not there yet: the stream fails too, and that is counted
    }
    if (!source && url === tuned) listen()
  }, wait)
}

function signedOut(notice) {
  const next = encodeURIComponent(location.pathname + location.search)
  $("#notices").innerHTML = notice
  all("[data-sign-in]").forEach((link) => (link.href = "/sign-in?next=" + next))
}

/** Put each element of this HTML where it belongs; only what the server has drawn and escaped comes here. */
export function put(html) {
  if (!html) return
  const template = document.createElement("template")
  template.innerHTML = html
  for (const piece of [...template.content.children]) place(piece)
}

const asking = new Set() // elements whose request is under way: htmx looks for what else it swaps from where they stand
const held = new Map() // the newest piece for each place that holds one of them, or for any while something is pressed
let pressed = null // the link or button that the pointer is down on: one that is replaced or moves away gets no click

function place(piece) {
  const there = document.getElementById(piece.id)
  if (pressed || (there && [...asking].some((element) => there.contains(element)))) return void held.set(piece.id, piece)
  if (piece.localName === "del") return there?.remove()
  const focused = there?.contains(document.activeElement) ? nameOf(document.activeElement) : ""
  const list = piece.dataset.into ? $(piece.dataset.into) : null
  if (there && (!list || there.dataset.order === piece.dataset.order)) there.replaceWith(piece)
  else if (list) {
    if (!list.dispatchEvent(new CustomEvent("recado:piece", { detail: { piece, there }, cancelable: true, bubbles: true }))) return
    there?.remove()
    insert(list, piece)
  } else return
  htmx.process(piece)
  if (focused) (piece.matches(focused) ? piece : $(focused, piece))?.focus()
  piece.dispatchEvent(new CustomEvent("recado:placed", { bubbles: true }))
  refresh(piece.parentElement ?? document)
}

/** A selector that finds this element again in the piece that takes its place. */
function nameOf(element) {
  if (element.id) return "#" + CSS.escape(element.id)
  const address = element.getAttribute("href")
  return address ? `a[href="${CSS.escape(address)}"]` : ""
}

function answered(element) {
  asking.delete(element)
  release()
}

function release() {
  const pieces = [...held.values()]
  held.clear()
  pieces.forEach(place)
}

function press(event) {
  if (event.button === 0) pressed = event.target.closest("a, button, summary, label")
}

/** What was held is put in its place behind the click, which comes in a moment. */
function lift() {
  if (pressed) setTimeout(release)
  pressed = null
}

/** `data-sort="desc"`: the greatest `data-order` first. `data-most`: what goes beyond is taken from the end. */
function insert(list, piece) {
  const isDescending = list.dataset.sort === "desc"
  const order = piece.dataset.order ?? ""
  const isBehind = (other) => (isDescending ? (other.dataset.order ?? "") < order : (other.dataset.order ?? "") > order)
  list.insertBefore(piece, [...list.children].find(isBehind) ?? null)
  const most = Number(list.dataset.most)
  while (most && list.children.length > most) list.lastElementChild.remove()
}

/** A piece with `data-go` says that its page is over and where it goes on. */
function goOn() {
  const address = $("[data-go]")?.dataset.go
  if (address) location.replace(address)
}

// --- times ---

const language = document.documentElement.lang || "en"
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" })

function ago(moment) {
  const seconds = Math.round((moment - Date.now()) / 1000)
  const steps = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [Infinity, "day", 86400]]
  const [, unit, length] = steps.find(([limit]) => Math.abs(seconds) < limit)
  return relative.format(Math.round(seconds / length), unit)
}

function left(moment) {
  const seconds = Math.max(0, Math.ceil((moment - Date.now()) / 1000))
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

/** `<time data-ago>` and `<time data-left>` tell the time from now, and keep telling it. */
export function refresh(root = document) {
  for (const time of all("time[data-ago]", root)) time.textContent = ago(new Date(time.dateTime))
  for (const time of all("time[data-left]", root)) time.textContent = left(new Date(time.dateTime))
}

function sayZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const known = document.documentElement.dataset.zone
  document.cookie = `recado_tz=${zone}; path=/; max-age=31536000; samesite=lax`
  if (known && zone && known !== zone && !sessionStorage.getItem("zone-said")) {
    sessionStorage.setItem("zone-said", zone)
    if (document.body.dataset.reload !== "no" && $(".menu")) location.reload()
  }
}

// --- drafts: what is written in a [data-draft] field outlives a reload and being signed out ---

const draftKey = (field) => "draft:" + field.dataset.draft

function restoreDrafts(root = document) {
  for (const field of all("[data-draft]", root)) {
    if (!field.value) field.value = localStorage.getItem(draftKey(field)) ?? ""
    field.dispatchEvent(new Event("input", { bubbles: true }))
  }
}

function keepDraft(field) {
  if (field.value) localStorage.setItem(draftKey(field), field.value)
  else localStorage.removeItem(draftKey(field))
}

// --- keys and clicks ---

const isWriting = (element) => element?.matches?.("input, textarea, select, [contenteditable]")

/** j and k go through the [data-item] elements of the page, Enter opens one, / searches, Esc goes back. */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  if (event.key === "Escape") return goBack(event)
  if (isWriting(event.target)) return
  if (event.key === "/") {
    const search = $("[data-search]")
    if (search) event.preventDefault(), search.focus(), search.select?.()
  } else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1)
}

function step(by) {
  const items = all("[data-item]").filter((item) => item.offsetParent)
  if (!items.length) return
  const now = items.findIndex((item) => item === document.activeElement || item.contains(document.activeElement))
  const next = items[now < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, now + by))]
  const target = next.matches("a, button, [tabindex]") ? next : $("a, button", next)
  target?.focus()
  next.scrollIntoView({ block: "nearest" })
}

function goBack(event) {
  if ($("dialog[open]")) return
  const open = $("details.preferences[open]")
  if (open) return open.removeAttribute("open")
  if (isWriting(event.target)) return event.target.blur()
  $("[data-back]")?.click()
}

function onClick(event) {
  const button = event.target.closest("button, a, [data-open]")
  for (const open of all("details.preferences[open]")) if (!open.contains(event.target)) open.removeAttribute("open")
  if (event.target.localName === "dialog") event.target.close()
  if (!button) return
  if (button.dataset.open) $(button.dataset.open)?.showModal()
  if ("closes" in button.dataset) button.closest("dialog")?.close()
  if ("dismiss" in button.dataset) button.closest(".notice")?.remove()
  if (button.dataset.copy !== undefined) copy(button)
}

async function copy(button) {
  const text = button.dataset.copy || $(button.dataset.copyFrom)?.textContent || ""
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const range = getSelection()
    const from = $(button.dataset.copyFrom)
    if (from) range.selectAllChildren(from)
    return
  }
  const before = button.textContent
  button.textContent = button.dataset.copied ?? "✓"
  setTimeout(() => (button.textContent = before), 1500)
}

/** A form that was sent and has not been answered is not sent again. */
function onSubmit(event) {
  const form = event.target
  if (form.dataset.sent && !form.matches("[hx-post], [hx-get]")) return event.preventDefault()
  form.dataset.sent = "yes"
}

document.addEventListener("recado:placed", goOn)
document.addEventListener("htmx:afterSettle", goOn)
document.addEventListener("keydown", onKey)
document.addEventListener("click", onClick)
document.addEventListener("pointerdown", press, true)
for (const kind of ["pointerup", "pointercancel", "contextmenu"]) document.addEventListener(kind, lift, true)
addEventListener("blur", lift)
document.addEventListener("submit", onSubmit)
document.addEventListener("input", (event) => event.target.dataset?.draft !== undefined && keepDraft(event.target))
/** A dialog that has been asked for opens when it is there. */
function openDialogs() {
  for (const dialog of all("dialog[data-opens]:not([open])")) delete dialog.dataset.opens, dialog.showModal()
}

document.addEventListener("htmx:afterSettle", (event) => (tune(), refresh(), openDialogs(), restoreDrafts(event.target)))
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form")
  if (!form || !event.detail.successful) return
  if ("closesAfter" in form.dataset) form.closest("dialog")?.close()
  for (const said of all(":is(#notices, [data-notices]) > .bad")) said.remove()
  for (const field of all("[data-draft]", form)) if (!field.value) localStorage.removeItem(draftKey(field))
})
// A notice behind an open dialog could not be seen: it goes into the dialog.
document.addEventListener("htmx:beforeSwap", (event) => {
  const place = event.detail.target?.id === "notices" && $("dialog[open] [data-notices]")
  if (place) event.detail.target = place
})
document.addEventListener("htmx:beforeSend", (event) => asking.add(event.detail.elt))
document.addEventListener("htmx:afterRequest", (event) => answered(event.detail.elt))
document.addEventListener("htmx:sendError", () => $("#offline")?.removeAttribute("hidden"))
addEventListener("pagehide", hush)
addEventListener("pageshow", (event) => {
  if (event.persisted) tuned = null, tune()
  for (const form of all("form[data-sent]")) delete form.dataset.sent
})
sayZone()
restoreDrafts()
refresh()
tune()
setInterval(() => {
  refresh()
  // Whatever has replaced the [data-live] element, and whenever: the page never listens to another one for long.
  if (($("[data-live]")?.dataset.live ?? null) !== tuned) tune()
}, 1000)
