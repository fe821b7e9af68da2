export default function ({ setStateValue }) {
    let secret = sessionStorage.getItem("course.tab")
    if (!secret) {
        const bytes = crypto.getRandomValues(new Uint8Array(16))
        secret = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
        sessionStorage.setItem("course.tab", secret)
    }
    setStateValue("secret", secret)
}
