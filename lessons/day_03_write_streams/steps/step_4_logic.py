# region: method_1
def direct_stream():
    return Complete(model, prompt, session=session, stream=True)


# endregion


# region: method_2
def simulated_stream():
    # This line waits for the whole answer.
    answer = Complete(model, prompt, session=session)
    for start in range(0, len(answer), 5):
        yield answer[start : start + 5]
        time.sleep(0.05)


# endregion


# region: generate
if st.button("Generate") and prompt:
    st.markdown("### Response:")
    if method == "Method 1: Direct (stream=True)":
        st.write_stream(direct_stream())
    else:
        st.write_stream(simulated_stream())
# endregion
