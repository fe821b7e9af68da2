if st.button("Generate") and prompt:
    st.markdown("### Response:")
    with st.spinner(f"Generating with {model}..."):
        # 1. Make a stream: one option is missing here.
        stream = Complete(
            model=model,
            prompt=prompt,
            session=session,
        )
        # 2. Show the stream: there is a function made for it.
        st.write(stream)
