model = st.selectbox(
    "Select a model",
    ["claude-3-5-sonnet", "mistral-large", "llama3.1-8b"],
)
prompt = st.text_input(
    "Enter your prompt:",
    "Explain quantum computing in simple terms.",
)
method = st.radio(
    "Streaming Method:",
    ["Method 1: Direct (stream=True)", "Method 2: Custom Generator"],
)
