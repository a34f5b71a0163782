// The thread of a conversation: a window of messages that moves through a chat of any length; that it has been read.
// The files of this directory are one module, in the order of their names.

import { put } from "./recado.js"

const $ = (selector, root = document) => root.querySelector(selector)
const all = (selector, root = document) => [...root.querySelectorAll(selector)]

const MOST = 300 // messages that are kept in the page; windows at the far end are let go
const NEAR = 900 // pixels from either end where the next window is fetched
const PINNED = 60 // pixels from the end that still count as being there
const RETRY = 3000
const TYPING_EVERY = 8000

const thread = () => $("#thread")
const scroller = () => $(".conversation .scroller")
const pane = () => $("#conversation")
const lines = () => all(".line", thread())
const has = (name) => thread()?.hasAttribute(name)
const chat = () => pane()?.dataset.chat || ""

let pinned = true // whether the end is in sight and is to stay so
let loading = null // the window that is being fetched: older, newer, or a jump
let missed = 0 // new messages below that are not in the page
let generation = 0 // of the conversation that is open: what was asked for another one is dropped

// --- opening ---

function opened() {
  mark()
  const list = thread()
  if (!list || list.dataset.isOpen) return
  list.dataset.isOpen = "yes"
  generation += 1
  loading = null
  missed = 0
  pinned = !has("data-has-newer")
  watch(scroller())
  settle()
  grow($(".composer textarea"))
  recall()
  if (matchMedia("(hover: hover) and (width >= 860px)").matches) $(".composer textarea")?.focus({ preventScroll: true })
  maybeRead()
}

/** Where it begins: at the message that was asked for, at what is unread, else at the end. */
function settle() {
  const list = thread()
  const focus = list.dataset.focus && document.getElementById(list.dataset.focus)
  const unread = $("#unread-line")
  if (focus) show(focus)
  else if (unread) {
    bring(unread, 60)
    pinned = isAtEnd()
  } else if (!has("data-has-newer")) toEnd()
  else scroller().scrollTop = 0
  aware()
}

function show(line) {
  bring(line, Math.max(40, (scroller().clientHeight - line.offsetHeight) / 2))
  line.classList.remove("flash")
  void line.offsetWidth
  line.classList.add("flash")
  pinned = isAtEnd() && !has("data-has-newer")
}

/** Scroll the conversation, and nothing around it, so that this stands so many pixels below its top. */
function bring(line, below) {
  const box = scroller()
  box.scrollTop += line.getBoundingClientRect().top - box.getBoundingClientRect().top - below
}

/** The row of the conversation that is open, and the tab of what is listed. */
function mark() {
  const tab = $(".tabs [aria-current]")
  if (tab && tab.offsetLeft + tab.offsetWidth > tab.parentElement.clientWidth) tab.parentElement.scrollLeft = tab.offsetLeft
  for (const link of all("#listing .row > a")) {
    if (chat() && link.pathname === "/chats/" + chat() && !link.search.includes("at=")) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
  }
}

// --- scrolling ---

const sizes = new ResizeObserver(() => pinned && toEnd())

function watch(box) {
  sizes.disconnect()
  sizes.observe(box)
  sizes.observe(thread())
  box.addEventListener("scroll", onScroll, { passive: true })
}

function isAtEnd() {
  const box = scroller()
  return box.scrollHeight - box.scrollTop - box.clientHeight < PINNED
}

function toEnd() {
  const box = scroller()
  if (box) box.scrollTop = box.scrollHeight
}

let asked = false
function onScroll() {
  if (asked) return
  asked = true
  requestAnimationFrame(() => {
    asked = false
    aware()
  })
}

/** What the place in the conversation asks for: a window before or behind it, that it has been read. */
function aware() {
  const box = scroller()
  if (!box || !thread()) return
  pinned = isAtEnd() && !has("data-has-newer")
  if (pinned) missed = 0
  drawJump()
  if (loading) return
  if (box.scrollTop < NEAR && has("data-has-older")) extend("older")
  else if (box.scrollHeight - box.scrollTop - box.clientHeight < NEAR && has("data-has-newer")) extend("newer")
  maybeRead()
}

function drawJump() {
  const button = $(".jump-last")
  if (!button) return
  button.hidden = pinned || !thread().children.length || (isAtEnd() && !has("data-has-newer"))
  const count = $(".count", button)
  count.hidden = !missed
  count.textContent = missed > 99 ? "99+" : String(missed || "")
}

async function extend(side) {
  const edge = side === "older" ? lines()[0] : lines().at(-1)
  if (!edge) return
  const mine = generation
  loading = side
  const found = await window_(`${side}=${edge.id.slice(2)}`)
  if (mine !== generation || !found) return void (loading = null)
  keepPlace(() => (side === "older" ? prepend(found) : append(found)))
  loading = null
  aware()
}

async function window_(query) {
  try {
    const answer = await fetch(`/chats/${chat()}/window?${query}`, { headers: { "HX-Request": "true" } })
    if (!answer.ok) return null
    const template = document.createElement("template")
    template.innerHTML = await answer.text()
    return template.content.firstElementChild
  } catch {
    return null
  }
}

/** The message at the top of the screen stays where it is, whatever happens above and below it. */
function keepPlace(change) {
  const box = scroller()
  const top = box.getBoundingClientRect().top
  const anchor = lines().find((line) => line.getBoundingClientRect().bottom > top)
  const before = anchor?.getBoundingClientRect().top
  const wasPinned = pinned
  change()
  if (wasPinned && pinned && !has("data-has-newer")) toEnd()
  else if (anchor?.isConnected) box.scrollTop += anchor.getBoundingClientRect().top - before
}

function prepend(found) {
  const list = thread()
  for (const day of all(".day", found)) document.getElementById(day.id)?.remove()
  const first = list.firstElementChild
  const nodes = [...found.children]
  list.prepend(...nodes)
  set("data-has-older", found.hasAttribute("data-has-older"))
  for (const node of nodes) htmx.process(node)
  follow(first)
  while (lines().length > MOST) letGo("last")
}

function append(found) {
  const list = thread()
  const nodes = [...found.children].filter((node) => !node.id || !document.getElementById(node.id))
  const first = nodes[0]
  list.append(...nodes)
  set("data-has-newer", found.hasAttribute("data-has-newer"))
  for (const node of nodes) htmx.process(node)
  if (first) follow(first)
  while (lines().length > MOST) letGo("first")
}

/** Take the message at the far end; a day's heading goes with the last of its messages, and what is left says it. */
function letGo(end) {
  const known = lines()
  const line = end === "first" ? known[0] : known.at(-1)
  const next = end === "first" ? known[1] : known.at(-2)
  if (end === "first") all(".thread-start, .unread-line", thread()).forEach((other) => isBefore(other, line) && other.remove())
  line.remove()
  if (next?.dataset.day !== line.dataset.day) document.getElementById("day-" + line.dataset.day)?.remove()
  set(end === "first" ? "data-has-older" : "data-has-newer", true)
}

const isBefore = (one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING)

function set(name, isSo) {
  thread().toggleAttribute(name, isSo)
}

async function jump(query, land) {
  const mine = ++generation
  loading = "jump"
  const found = await window_(query)
  if (mine !== generation) return
  loading = null
  if (!found) return
  found.dataset.isOpen = "yes"
  thread().replaceWith(found)
  htmx.process(found)
  missed = 0
  sizes.disconnect()
  sizes.observe(scroller())
  sizes.observe(found)
  land(found)
  aware()
}

const jumpToFirst = () => jump("first=true", () => ((pinned = false), (scroller().scrollTop = 0)))
const jumpToLast = () => {
  if (has("data-has-newer")) jump("last=true", () => ((pinned = true), toEnd()))
  else (pinned = true), toEnd(), aware()
}

function goTo(waId) {
  const line = lines().find((one) => one.dataset.wa === waId)
  if (line) return show(line)
  jump("around=" + encodeURIComponent(waId), (found) => {
    const focus = found.dataset.focus && document.getElementById(found.dataset.focus)
    if (focus) show(focus)
  })
}

// --- live pieces ---

document.addEventListener("recado:piece", (event) => {
  const { piece, there } = event.detail
  if (event.target.id === "thread") onThreadPiece(event, piece, there)
  else if (event.target.id === "chats") {
    const end = $("#chats .more")?.previousElementSibling
    if (!there && end && piece.dataset.order < end.dataset.order) event.preventDefault()
  }
})

/** While older messages are shown, newer ones are counted and not put among them; older ones likewise. */
function onThreadPiece(event, piece, there) {
  if (there) return
  const known = lines()
  const order = piece.dataset.order
  const isBehind = !known.length || order > known.at(-1).dataset.order
  const isEarlier = known.length && order < known[0].dataset.order
  if (isBehind && has("data-has-newer") && known.length) {
    event.preventDefault()
    if (piece.classList.contains("theirs")) missed += 1
    drawJump()
  } else if (isEarlier && has("data-has-older") && !piece.classList.contains("day")) event.preventDefault()
  else if (piece.classList.contains("day")) {
    if (known.some((line) => line.dataset.day === piece.id.slice(4)) && document.getElementById(piece.id)) event.preventDefault()
  } else if (piece.classList.contains("line")) came(piece, isBehind)
}

function came(piece, isBehind) {
  if (piece.classList.contains("mine")) pinned = true
  else if (isBehind) {
    if (!pinned) missed += 1
    const said = $(".text", piece)?.textContent || $(".card-text", piece)?.textContent || ""
    $("#announce").textContent = `${$(".writer", piece)?.textContent ?? pane().dataset.name}: ${said.slice(0, 200)}`
  }
}

document.addEventListener("recado:placed", (event) => {
  const piece = event.target
  if (piece.classList.contains("row")) mark()
  if (piece.parentElement !== thread() && !piece.classList.contains("thread-state")) return
  if (piece.classList.contains("line")) {
    follow(piece)
    if (piece.nextElementSibling) follow(piece.nextElementSibling)
    while (pinned && lines().length > MOST) letGo("first")
  }
  if (piece.classList.contains("thread-start") && piece.classList.contains("answered")) extend("older")
  if (pinned) toEnd()
  aware()
})

/** A message goes on what the one before it began. */
function follow(line) {
  const before = line.previousElementSibling
  const isSame = before?.dataset.writer !== undefined && before.dataset.writer === line.dataset.writer
  if (line.dataset.writer !== undefined) line.classList.toggle("follows", isSame && before.dataset.day === line.dataset.day)
}

// --- reading ---

let readTimer = 0
let refused = ""

/** Somebody sees the end of it: all of it has been read. */
function maybeRead() {
  clearTimeout(readTimer)
  readTimer = setTimeout(async () => {
    const state = $(".thread-state")
    const unread = Number(state?.dataset.unread ?? 0)
    if (!unread || !pinned || document.hidden || !document.hasFocus() || !$("#composer")) return
    const about = `${chat()} ${unread}`
    if (refused === about) return
    refused = about
    try {
      const answer = await fetch(`/chats/${chat()}/read`, { method: "POST", headers: { "HX-Request": "true" } })
      if (answer.ok && !answer.headers.get("Recado-Unread")) state.dataset.unread = "0"
    } catch {
      refused = ""
    }
  }, 500)
}
