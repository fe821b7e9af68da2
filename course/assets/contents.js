// What is read is below Streamlit's bar, in the upper part of the window; pixels.
const LINE = 110
// For so long a page that is being drawn may still push its parts down; milliseconds.
const SETTLING = 2000
const PATIENCE = 20000
const MAIN = '[data-testid="stMain"]'
const LINKS = '.st-key-contents a[href^="#"]'
// Up to this width the sidebar lies over the page; pixels.
const OVERLAID = 768
let loaded = false
let arrived = 0
let kept = ""
let end = () => {}

const address = (place) => {
    const [page, anchor] = place.split("#")
    const here = location.pathname.split("/").pop()
    if (page === here) return anchor ? `#${anchor}` : location.href
    const folder = location.pathname.slice(0, location.pathname.length - here.length)
    return folder + page + location.search + (anchor ? `#${anchor}` : location.hash)
}

const find = (place) =>
    document.getElementById(place) ?? document.querySelector(`.st-key-${CSS.escape(place)}`)

// Query each time: a rerun replaces headings and links, and an observer would keep watching removed
// nodes.
function mark() {
    const links = [...document.querySelectorAll(LINKS)]
    const main = document.querySelector(MAIN)
    const end = main && main.scrollTop > 0
        && main.scrollTop + main.clientHeight >= main.scrollHeight - 4
    const line = end ? innerHeight : LINE
    let now = links[0]
    for (const link of links) {
        const place = document.getElementById(decodeURIComponent(link.hash.slice(1)))
        if (place?.getClientRects().length && place.getBoundingClientRect().top <= line) now = link
    }
    for (const link of links) {
        if (link !== now) link.removeAttribute("aria-current")
        else if (!link.hasAttribute("aria-current")) {
            link.setAttribute("aria-current", "location")
            // Over the page, it begins with the days: nobody reads beside it.
            if (innerWidth > OVERLAID && link.checkVisibility?.()) show(link)
        }
    }
}

// Not scrollIntoView: it would end the page's own smooth scrolling.
function show(link) {
    const box = link.closest('[data-testid="stSidebarContent"]')
    if (!box) return
    const [outer, inner] = [box.getBoundingClientRect(), link.getBoundingClientRect()]
    if (inner.top < outer.top) box.scrollTop += inner.top - outer.top - 40
    else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom + 40
}

function arrive(place, signal) {
    const began = performance.now()
    let found = 0
    const look = () => {
        const now = performance.now()
        const target = find(place)
        if (signal.aborted || now - began > PATIENCE || (found && now - found > SETTLING)) return
        if (target) {
            if (!found && target.id === place) {
                history.replaceState(history.state, "", `${location.search}#${place}`)
            }
            found ||= now
            target.scrollIntoView({ behavior: "instant" })
        }
        setTimeout(look, 100)
    }
    look()
}

export default function ({ data }) {
    const control = new AbortController()
    const { signal } = control
    const on = (what, act) => addEventListener(what, act, { signal, capture: true, passive: true })
    const lead = () => {
        const to = data.to || data.moved[decodeURIComponent(location.hash.slice(1))]
        if (to) location.replace(address(to))
    }
    // Streamlit drops the anchor when it writes the language into the address.
    if (!location.hash && kept) history.replaceState(history.state, "", location.search + kept)
    kept = location.hash
    lead()
    let waiting = false
    const soon = () => {
        if (waiting) return
        waiting = true
        requestAnimationFrame(() => {
            waiting = false
            mark()
        })
    }
    on("scroll", soon)
    on("resize", soon)
    on("click", ({ target }) => {
        if (innerWidth > OVERLAID || !target.closest?.(LINKS)) return
        // The link leads on first; what it leads to would be under the sidebar.
        const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button')
        setTimeout(() => close?.click())
    })
    on("hashchange", () => {
        kept = location.hash
        lead()
        soon()
    })
    // The page may still be drawn.
    for (const wait of [0, 500, 2000]) setTimeout(() => signal.aborted || soon(), wait)
    // An address with an anchor, too: what is drawn above it later pushes it down.
    const place = data.turn && data.turn !== arrived ? data.place
        : !loaded && decodeURIComponent(location.hash.slice(1))
    loaded = true
    arrived = data.turn || arrived
    if (place) {
        // Stop as soon as the reader scrolls.
        const mine = new AbortController()
        for (const what of ["wheel", "touchstart", "keydown", "pointerdown"]) {
            on(what, () => mine.abort())
        }
        signal.addEventListener("abort", () => mine.abort())
        arrive(place, mine.signal)
    }
    const before = end
    end = () => control.abort()
    before()
    const path = location.pathname
    return () => {
        control.abort()
        kept = ""
        // Another page begins at its top; Streamlit leaves the window where it was.
        if (location.pathname !== path) document.querySelector(MAIN)?.scrollTo(0, 0)
    }
}
