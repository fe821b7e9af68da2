# region: read
SILENT_SECONDS = 5


def read(arrived):
    try:
        stream = Complete(model, prompt, session=session, stream=True, timeout=60)
        for piece in stream:
            if piece:  # a piece may be empty
                arrived.put(piece)
    except Exception as error:
        arrived.put(error)
    else:
        arrived.put(None)


# endregion


# region: clock
def on_the_clock():
    arrived = queue.Queue()
    threading.Thread(target=read, args=(arrived,), daemon=True).start()
    while True:
        try:
            item = arrived.get(timeout=SILENT_SECONDS)
        except queue.Empty:
            raise TimeoutError from None
        if item is None:
            return
        if isinstance(item, Exception):
            raise item
        yield item


# endregion
