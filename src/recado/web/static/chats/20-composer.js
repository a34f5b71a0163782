// The field to write in: a message is sent once, whatever happens to the connection; what was written is kept.

let attempt = null // what is on its way: { chat, once, text, quoted, timer }

const newOnce = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("")

function grow(field) {
  if (!field) return
  field.style.height = "auto"
  field.style.height = Math.min(field.scrollHeight + 2, innerHeight * 0.4) + "px"
}

/** What was being sent when the page went away goes again under the same name, so that it is one message. */
function recall() {
  const form = $("#composer")
  const kept = form && localStorage.getItem("sending:" + form.dataset.chat)
  if (!kept) return
  const { once, text, quoted } = JSON.parse(kept)
  if (form.elements.text.value === text) (form.elements.once.value = once), (form.elements.quoted.value = quoted)
  else localStorage.removeItem("sending:" + form.dataset.chat)
}

document.addEventListener("submit", (event) => {
  const form = event.target
  if (form.id !== "composer") return
  event.preventDefault()
  event.stopPropagation()
  if (form.elements.text.value.trim()) send(form)
}, true)

async function send(form) {
  const text = form.elements.text.value
  const quoted = form.elements.quoted.value
  if (attempt?.chat === form.dataset.chat && attempt.text === text && attempt.isUnderWay) return
  if (attempt && (attempt.text !== text || attempt.quoted !== quoted)) form.elements.once.value = newOnce()
  clearTimeout(attempt?.timer)
  const mine = (attempt = { chat: form.dataset.chat, once: form.elements.once.value, text, quoted, isUnderWay: true })
  localStorage.setItem("sending:" + mine.chat, JSON.stringify({ once: mine.once, text, quoted }))
  const answer = await post(form.action, { text, quoted, once: mine.once })
  mine.isUnderWay = false
  if (!answer) return wait(form, mine)
  const html = await answer.text()
  if (!answer.ok) return refuse(html, mine)
  localStorage.removeItem("sending:" + mine.chat)
  if (attempt === mine) attempt = null
  sent(mine, html)
}

async function post(url, fields) {
  try {
    const answer = await fetch(url, { method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams(fields) })
    return answer.status >= 502 && answer.status <= 504 ? null : answer
  } catch {
    return null
  }
}

function sent(mine, html) {
  const form = $("#composer")
  if (form?.dataset.chat !== mine.chat) return localStorage.removeItem("draft:chat-" + mine.chat)
  say("")
  $("#notices").replaceChildren()
  if (form.elements.text.value === mine.text) form.elements.text.value = ""
  form.elements.once.value = newOnce()
  form.elements.text.dispatchEvent(new Event("input", { bubbles: true }))
  unquote()
  if (has("data-has-newer")) jump("last=true", () => ((pinned = true), toEnd()))
  else put(html)
}

/** It is not known whether it arrived: again, under the same name, until it is. */
function wait(form, mine) {
  say(form.dataset.waits)
  mine.timer = setTimeout(() => {
    const now = $("#composer")
    if (attempt === mine && now?.dataset.chat === mine.chat && now.elements.text.value === mine.text) send(now)
  }, RETRY)
}

function refuse(html, mine) {
  say("")
  localStorage.removeItem("sending:" + mine.chat)
  $("#composer").elements.once.value = newOnce()
  attempt = null
  const notices = $("#notices")
  notices.innerHTML = html
  htmx.process(notices)
  const next = encodeURIComponent(location.pathname + location.search)
  for (const link of all("[data-sign-in]", notices)) link.href = "/sign-in?next=" + next
}

function say(text) {
  const said = $("[data-said-here]")
  if (!said) return
  said.textContent = text
  said.hidden = !text
}

let typedAt = 0
document.addEventListener("input", (event) => {
  const field = event.target
  if (!field.closest?.(".composer") || field.localName !== "textarea") return
  grow(field)
  if (!event.isTrusted || field.form.id !== "composer") return
  say("")
  const isEmpty = !field.value
  if (!isEmpty && Date.now() - typedAt < TYPING_EVERY) return
  typedAt = isEmpty ? 0 : Date.now()
  post(`/chats/${chat()}/typing`, { state: isEmpty ? "paused" : "composing" })
})

document.addEventListener("keydown", (event) => {
  const field = event.target
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && field.closest?.("form.composer") && field.localName === "textarea") {
    if (matchMedia("(pointer: coarse)").matches) return
    event.preventDefault()
    field.form.requestSubmit()
  } else if (event.key === "Escape") onEscape(event)
}, true)

/** Esc closes what was opened last: a quote, a search, the panel; the rest is every page's. */
function onEscape(event) {
  const search = $("[data-search]")
  if (document.activeElement === search && search.value) clearSearch()
  else if ($("[data-quoting]") && !$("[data-quoting]").hidden) unquote()
  else if ($(".chat-panel-in")) $("#panel").replaceChildren()
  else return
  event.preventDefault()
  event.stopImmediatePropagation()
}

function quote(button) {
  const form = $("#composer")
  if (!form) return
  form.elements.quoted.value = button.dataset.reply
  const shown = $("[data-quoting]", form)
  $("bdi", shown).textContent = button.dataset.said
  shown.hidden = false
  form.elements.text.focus()
}

function unquote() {
  const form = $("#composer")
  if (!form) return
  form.elements.quoted.value = ""
  $("[data-quoting]", form).hidden = true
}

// --- files, which cannot be sent yet ---

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files")

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return
  event.preventDefault()
  pane()?.classList.add("dropping")
})
document.addEventListener("dragleave", (event) => !event.relatedTarget && pane()?.classList.remove("dropping"))
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return
  event.preventDefault()
  pane()?.classList.remove("dropping")
  say($("#composer")?.dataset.files ?? "")
})
document.addEventListener("paste", (event) => {
  const isFile = event.clipboardData?.files.length && !event.clipboardData.types.includes("text/plain")
  if (isFile && event.target.closest?.("#composer")) event.preventDefault(), say($("#composer").dataset.files)
})
