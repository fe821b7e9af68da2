if st.button("Generate") and prompt:
    st.markdown("### Response:")
    with st.spinner(f"{model} 모델로 답변 생성 중..."):
        stream = Complete(
            model=model,
            prompt=prompt,
            session=session,
            stream=True,
        )
        st.write_stream(stream)
