"""Programs that draw: elements, containers, and what is said of a wrong argument."""

from __future__ import annotations

from tests.practice.parity_programs.building import each, program

__all__ = ["DRAWING"]

TEXTS = ("title", "header", "subheader", "markdown", "caption", "text", "code")
ALERTS = ("success", "info", "warning", "error")

DRAWING = (
    *(
        each(
            f"st.{name} shows any value as text",
            *(
                f"st.{name}({value})"
                for value in ("'a'", "5", "None", "[1, 'x']", "ValueError('v')")
            ),
            f"st.{name}('''\n  two\n  lines\n''')",
        )
        for name in (*TEXTS, *ALERTS)
    ),
    *(
        each(
            f"st.{name} says which arguments are missing, too many or unknown",
            f"st.{name}()",
            f"st.{name}('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o')",
            f"st.{name}('a', ['b'], nope=1)",
            f"st.container().{name}(nope=1)",
        )
        for name in (
            *(*TEXTS, *ALERTS, "divider", "json", "metric", "exception", "spinner", "container"),
            *("columns", "expander", "empty", "chat_message", "button", "text_input", "text_area"),
            *("selectbox", "radio", "checkbox", "toggle", "slider", "write_stream", "stop"),
        )
    ),
    each(
        "st.write says which arguments are unknown",
        "st.write(nope=1)",
        "st.write()",
        "st.write(unsafe_allow_html=True)",
        "st.write(None)",
    ),
    each(
        "a width is a number of pixels or a word",
        *(f"st.title('x', width={width})" for width in ("'big'", "0", "-1", "2.5", "None", "True")),
        *(f"st.divider(width={width})" for width in ("'content'", "'stretch'", "7")),
        "st.markdown('x', width='auto')",
        "st.info('x', width='content')",
        "st.button('x', width='x')",
        "st.selectbox('x', [], width='content')",
        "st.spinner('x', width='x').__enter__()",
    ),
    each(
        "a height is a number of pixels or a word",
        *(f"st.container(height={height})" for height in ("'big'", "0", "-5", "2.5", "100")),
        "st.code('x', height='x')",
        "st.code('x', height=None)",
        "st.text_area('x', height='x')",
        "st.metric('x', 1, height='x')",
    ),
    each(
        "an icon is an emoji, and no word or shortcode",
        *(f"st.title('x', icon={icon})" for icon in ("'rocket'", "':rocket:'", "'🚀'", "5", "''")),
        "st.success('x', icon=':material/thumb_up:')",
        "st.success('x', icon=':material:')",
        "st.error('x', icon='https://example.com/a.png')",
        "st.expander('x', icon='ok')",
        "st.button('x', icon='ok')",
    ),
    each(
        "a heading's anchor, divider and alignment are checked",
        "st.title('x', anchor=5)",
        "st.title('x', anchor=True)",
        "st.title('x', anchor=False)",
        "st.header('x', divider='purple')",
        "st.header('x', divider=5)",
        "st.header('x', divider=True)",
        "st.subheader('x', divider='gray', anchor='a', help='h')",
        "st.title('x', text_alignment='middle')",
        "st.title('x', wrap=1)",
        "st.caption('x', wrap=False, unsafe_allow_html=True)",
        "st.markdown('x', unsafe_allow_html='yes')",
        "st.markdown('x', help=5)",
    ),
    each(
        "st.code takes its language as text and its flags as flags",
        "st.code('x', 'sql')",
        "st.code('x', language=None)",
        "st.code('x', language=5)",
        "st.code('x', line_numbers='yes')",
        "st.code('x', line_numbers=1)",
    ),
    each(
        "st.metric takes numbers, text and nothing",
        *(f"st.metric('a', {value})" for value in ("1", "2.5", "'x'", "None", "True", "[1]", "{}")),
        *(f"st.metric('a', 1, {delta})" for delta in ("-1", "'x'", "[1]", "1, 'purple'")),
        "st.metric('a', 1, delta_arrow='x')",
        "st.metric(5, 6)",
        "st.metric(None, 6)",
        "st.metric('a', 1, label_visibility='no')",
    ),
    each(
        "st.json shows what JSON has no form for as text",
        *(f"st.json({body})" for body in ("{'a': 1}", "[1, None]", "'{'", "5", "None", "{1, }")),
        "st.json({1: 2, (1, 2): 3})",
        "st.json([object])",
        "st.json(range(3))",
        "st.json({'a': {1}, 'b': (1, 2)})",
        "st.json({}, expanded='x')",
        "st.json({}, expanded=2)",
    ),
    each(
        "st.exception shows whatever it is given",
        *(
            f"st.exception({error})"
            for error in ("ValueError('v')", "'text'", "5", "KeyError('k')")
        ),
        "st.exception(ValueError('\\ud83d'))",
    ),
    each(
        "half a surrogate pair cannot be drawn",
        *(f"st.{name}('\\ud83d')" for name in ("write", "title", "error", "code", "button")),
        "st.text_input('q', '\\ud83d')",
        "st.selectbox('q', ['\\ud83d'])",
        "st.json(['\\ud83d'])",
        "st.write(['\\ud83d'])",
        "st.write_stream(['Hello', '\\ud83d'])",
    ),
    each(
        "elements return a place, and st.write nothing",
        *(f"st.{name}('x')" for name in (*TEXTS, *ALERTS, "json", "write", "chat_message")),
        "st.metric('x', 1)",
        "st.exception(ValueError())",
        "st.divider()",
        "st.empty()",
        "st.container()",
        "st.expander('x')",
        "st.expander('y').open",
        "[type(column) for column in st.columns(2)]",
        "st.sidebar",
        "st.sidebar.write('x')",
        "st.container().title('x')",
        "st.write",
        "st.container().write",
    ),
    each(
        "a container's arguments are checked",
        *(f"st.container(gap={gap})" for gap in ("'huge'", "'Large'", "5", "-5", "None")),
        "st.container(horizontal_alignment='x')",
        "st.container(vertical_alignment='x')",
        "st.container(vertical_alignment='distribute')",
        "st.container(wrap=False)",
        "st.container(wrap=False, horizontal=True)",
        "st.container(border='x')",
        "st.container(border=None)",
        "st.container('x')",
        "st.empty('x')",
        "st.expander(None)",
        "st.expander(5)",
        "st.expander('x', type='x')",
        "st.expander('x', expanded='x')",
        "st.chat_message(None)",
        "st.chat_message(5)",
        "st.chat_message('user', width='x')",
        "st.chat_message('zorro', avatar='🐱')",
    ),
    each(
        "st.columns takes a number or widths",
        *(f"st.columns({spec})" for spec in ("0", "-1", "[]", "[1, 0]", "'ab'", "2.5", "None")),
        *(f"len(st.columns({spec}))" for spec in ("1", "True", "(1, 2)", "[0.5, 1, 2]", "{1: 2}")),
        "st.columns(2, gap='huge')",
        "st.columns(2, vertical_alignment='distribute')",
        "st.columns(2, width='content')",
        "st.columns(2, border='x')",
        "st.columns(2)[2]",
        "st.columns(2, 'small')",
    ),
    program(
        "with gives nothing, but for an expander",
        """\
with st.container() as container: print(repr(container))
with st.columns(2)[0] as column: print(repr(column))
with st.expander("x") as expander: print(repr(expander))
with st.empty() as empty: print(repr(empty))
with st.chat_message("user") as message: print(repr(message))
with st.sidebar as sidebar: print(repr(sidebar))
with st.spinner("x") as spinner: print(repr(spinner))
with st.title("x") as title: print(repr(title))
""",
    ),
    program(
        "what is drawn in a with block goes into the container",
        """\
left, right = st.columns(2)
with right:
    st.write("right")
    with st.container():
        st.write("inner")
        left.write("left")
    st.sidebar.write("side")
with st.sidebar:
    st.write("side too")
    st.title("title")
box = st.empty()
box.write("first")
box.write("second")
place = st.text("old")
place.text("new")
with st.expander("more"):
    st.caption("inside")
""",
    ),
    program(
        "a place that is written to again and again shows what came last",
        """\
placeholder, text = st.empty(), ""
for piece in ["a ", "b ", "c"]:
    text += piece
    placeholder.markdown(text + "▌")
placeholder.markdown(text)
box = st.empty()
with box.container():
    st.write("one")
    st.write("two")
box.write_stream(["over", " written"])
gone = st.title("title")
gone.empty()
""",
    ),
    program(
        "a chat is drawn by with and by method",
        """\
with st.chat_message("user"):
    st.markdown("Hi")
with st.chat_message("assistant"):
    print(st.write_stream(iter(["Hel", "lo"])))
print(st.chat_message("assistant").write_stream(["x", 1, "y"]))
st.chat_message("ai", avatar="🐱").write("meow")
""",
    ),
    program(
        "columns are unpacked, and hold what is drawn into them",
        """\
left, middle, right = st.columns([1, 2, 1], gap="large", vertical_alignment="center", border=True)
left.metric("a", 1, -1)
middle.metric("b", "2", help="h")
with right:
    st.write("x", "y")
st.sidebar.columns(2)[0].caption("c")
first, second = st.columns(3)
""",
    ),
    program(
        "every argument can be given by its name",
        """\
st.title(body="x", anchor=None)
st.markdown(body="x")
st.code(body="x", language="sql")
st.metric(label="a", value=1, delta=2)
st.json(body={})
st.exception(exception=ValueError("v"))
st.columns(spec=2)
st.expander(label="x")
st.chat_message(name="ai")
with st.spinner(text="x"): st.write_stream(stream=["x"])
st.button(label="x")
st.slider(label="x", min_value=1, max_value=3, value=2)
st.radio(label="r", options=["a"], horizontal=True)
print(st.selectbox(label="x", options=["a", "b"], index=1))
""",
    ),
    program(
        "an error leaves the with block of a container",
        """\
box = st.container()
try:
    with box:
        st.write("in")
        raise ValueError("v")
except ValueError as error:
    print(error)
st.write("out")
""",
    ),
    each(
        "several values cannot replace one element",
        "st.container().write('a', 'b')",
        "st.empty().write('a', 'b')",
        "st.sidebar.write('a', 'b')",
        "st.container().write('a')",
    ),
    each(
        "a place takes any name, and says that it is no command when called",
        "st.container().nope",
        "st.container().nope()",
        "st.sidebar.nope()",
        "st.container().set_page_config()",
        "st.sidebar.cache_data()",
        "st.container().sidebar()",
        "hasattr(st.container(), 'nope')",
    ),
    *(
        program(f"{title} is told what was meant", code)
        for title, code in {
            "a misspelt st.wrte": "st.wrte('x')",
            "a misspelt st.Button": "st.Button",
            "a misspelt st.writestream": "st.writestream('x')",
            "st.input": "name = st.input('Your name')",
            "the old st.cache": "@st.cache\ndef f(): pass",
            "the old st.experimental_rerun": "st.experimental_rerun()",
            "a name like nothing there is": "st.zzzzzz",
            "a private name": "st._x",
        }.items()
    ),
    each(
        "the module answers to hasattr and getattr",
        "hasattr(st, 'nope')",
        "getattr(st, 'nope', 7)",
        "hasattr(st, 'write')",
        "st.__name__",
        "st.__version__",
        "'write' in dir(st)",
    ),
    program(
        "objects say that they are Streamlit's",
        "print(type(st), st.stop)\n"
        "for thing in (st.cache_data, st.cache_resource, st.secrets, st.session_state):\n"
        "    print(type(thing))\n",
    ),
    each(
        "st.set_page_config returns nothing, also after the first element",
        "st.title('x')",
        "st.set_page_config(page_title='x', layout='wide')",
        "st.set_page_config('x', '🚀')",
        "st.set_page_config(nope=1)",
    ),
    program(
        "st.spinner is a with block, a decorator, and used up after one of each",
        """\
spinner = st.spinner("wait")
print(type(spinner).__qualname__)
with spinner:
    st.write("in")
@st.spinner("busy")
def work(n):
    return n + 1
print(work(1), work(2), work.__name__)
try:
    with st.spinner("again", show_time=True):
        raise ValueError("v")
except ValueError as error:
    print("left", error)
with spinner:
    pass
""",
    ),
    program(
        "st.stop ends the program without an error",
        """\
import atexit
try:
    st.write("before")
    print("before")
    st.stop()
except Exception:
    print("never")
finally:
    print("finally")
print("after")
""",
    ),
    program(
        "st.stop in a function and in a with block ends the program",
        """\
def check(value):
    with st.container():
        if not value:
            st.warning("nothing")
            st.stop()
    return value
check(1)
print("one")
check(0)
print("two")
""",
    ),
    program("a bare except catches st.stop", "try:\n    st.stop()\nexcept:\n    print('caught')\n"),
)
