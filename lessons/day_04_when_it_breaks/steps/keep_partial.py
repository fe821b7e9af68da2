from requests.exceptions import ChunkedEncodingError
from snowflake.cortex._complete import MidStreamException

if st.button("Generate") and prompt:
    st.markdown("### Response:")
    pieces = []
    try:
        st.write_stream(remember(direct_stream(), pieces))
    except (ChunkedEncodingError, MidStreamException):
        st.warning("The answer was cut short. What arrived stays here.")
    st.session_state["answer"] = "".join(pieces)
