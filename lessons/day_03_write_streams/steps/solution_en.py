if st.button("Generate") and prompt:
    st.markdown("### Response:")
    with st.spinner(f"Generating with {model}..."):
        stream = Complete(
            model=model,
            prompt=prompt,
            session=session,
            stream=True,
        )
        st.write_stream(stream)
