def ask(pieces):
    for attempt in range(2):
        try:
            for piece in on_the_clock():
                pieces.append(piece)
                yield piece
            return
        except BROKEN:
            if pieces or attempt == 1:
                raise
