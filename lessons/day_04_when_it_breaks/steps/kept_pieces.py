from requests.exceptions import ChunkedEncodingError


def broken_stream():
    yield "A qubit can be "
    yield "0 and 1 "
    raise ChunkedEncodingError("cut in the middle")


# region: remember
def remember(stream, pieces):
    for piece in stream:
        pieces.append(piece)
        yield piece


# endregion


# region: use
pieces = []
try:
    for piece in remember(broken_stream(), pieces):
        print("shown:", repr(piece))
except ChunkedEncodingError:
    print("interrupted, but kept:", repr("".join(pieces)))
# endregion
