model = st.selectbox(
    "Select a model",
    [
        "fault-truncated",
        "fault-error-data",
        "fault-500-then-ok",
        "fault-stall-mid",
        "fault-error-event",
        "llama3.1-8b",
    ],
)
prompt = st.text_input(
    "Enter your prompt:",
    "Explain a qubit in one sentence.",
)
