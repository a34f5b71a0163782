// What is clicked on, searching, pictures that come later; and the beginning of it all.

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a")
  if (!button) return
  if (button.dataset.jump === "first") jumpToFirst()
  else if (button.dataset.jump === "last") jumpToLast()
  else if (button.dataset.goto !== undefined) goTo(button.dataset.goto)
  else if (button.dataset.reply !== undefined) quote(button)
  else if ("unquote" in button.dataset) unquote()
  else if ("closePanel" in button.dataset) $("#panel").replaceChildren()
  else if ("searchHere" in button.dataset) searchHere()
  else if ("unscope" in button.dataset) scope("", ""), $("[data-search]").dispatchEvent(new Event("search"))
})

function searchHere() {
  scope(chat(), pane().dataset.name)
  if (matchMedia("(width < 860px)").matches) return void $(".conversation .back").click()
  $("[data-search]").focus()
  if ($("[data-search]").value) $("[data-search]").dispatchEvent(new Event("search"))
}

function scope(id, name) {
  const form = $("[data-searching]")
  form.elements.chat.value = id
  const chip = $("[data-scope]", form)
  $("bdi", chip).textContent = name
  chip.hidden = !id
}

function clearSearch() {
  const search = $("[data-search]")
  search.value = ""
  scope("", "")
  search.dispatchEvent(new Event("search"))
}

$("[data-searching]")?.addEventListener("submit", (event) => event.preventDefault())

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.dataset?.whole !== undefined && event.detail.successful) put(event.detail.xhr.responseText)
})

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id === "conversation") $("#panel")?.replaceChildren()
})

/** Whoever is not shown by a picture yet may have one by now: the pictures come one a second. */
let looks = 0
function lookForPictures() {
  const without = all("#chats .row[data-pictureless]").filter((row) => row.getBoundingClientRect().top < innerHeight)
  if (!without.length || looks > 5) return
  setTimeout(async () => {
    looks += 1
    const query = without.slice(0, 40).map((row) => "id=" + row.id.slice(5)).join("&")
    const filter = location.search.replace("?", "&")
    try {
      const answer = document.hidden ? null : await fetch("/chats/rows?" + query + filter, { headers: { "HX-Request": "true" } })
      if (answer?.ok) put(await answer.text())
    } catch {
      // not there now: the next look may find it
    }
    lookForPictures()
  }, 2000 * 2 ** looks)
}

document.addEventListener("htmx:afterSettle", opened)
document.addEventListener("visibilitychange", maybeRead)
addEventListener("focus", maybeRead)
addEventListener("resize", () => pinned && toEnd())
opened()
lookForPictures()
