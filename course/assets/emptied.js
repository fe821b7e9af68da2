const LOOK_MS = 300, LOOKS = 3
let timer, looks = 0, asked = false
export default function ({ setTriggerValue }) {
    clearInterval(timer)
    timer = setInterval(() => {
        const app = document.querySelector('[data-testid="stApp"]')
        const main = document.querySelector('[data-testid="stMainBlockContainer"]')
        // Every page has a title or says what is wrong.
        const empty = main && !main.querySelector('h1, [data-testid="stAlert"]')
        if (!empty) asked = false
        looks = empty && app?.dataset.testScriptState === "notRunning" ? looks + 1 : 0
        if (looks < LOOKS || asked) return
        asked = true
        setTriggerValue("empty", performance.now())
    }, LOOK_MS)
}
